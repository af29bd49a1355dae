"""Products read few bits of their factors: nearer than as many bits of inputs, and to the bit as printed."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import sympy as sp

from sr2hls.arrays import FloatArray
from sr2hls.lut_network import LossKind
from sr2hls.problem import Problem, Split
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.quantised import QuantisedOptions, train_quantised
from sr2hls.quantised.factor import Factor, factors_of
from sr2hls.quantised.input_grid import InputGrid
from sr2hls.quantised.part import Part
from sr2hls.quantised.reader import Reader, factor_reader, neighbours
from sr2hls.quantised.shape import QuantisedShape
from sr2hls.quantised.start import of_factors, place
from sr2hls.quantised.state import QuantisedState, Scale
from sr2hls.quantised.to_design import design_of
from sr2hls.quantised.train import TrainOptions
from sr2hls.search.joint.joint_model import JointModel, Term
from sr2hls.teacher.task import Task

TYPE = FixedType(True, 6, 1, Rounding.RND, Overflow.SAT)
X0, X1 = sp.symbols("x0 x1")
GRID = InputGrid(TYPE)
VALUES = GRID.values()
EVERY_INPUT = np.array(list(product(VALUES, VALUES)), dtype=np.float64)
COUNTS = np.ones(64)
PEAK = sp.Min(0.11, sp.Abs(X0 + 0.62))
PRODUCTS = (
    PEAK * X1,
    sp.Abs(X0 + 0.41) * sp.sign(X1 - 0.61),
    2.5 * X0**2 * sp.exp(-1.3 * X1),
    sp.tanh(4.2 * X0 - 0.3) * sp.Max(0.27, X1),
)


def problem(wanted: FloatArray) -> Problem:
    split = Split(EVERY_INPUT, wanted, None)
    names = ("y0", "y1")
    return Problem(Task.LOGITS, {"x0": TYPE, "x1": TYPE}, names, ("a", "b"), names, split, split, split)


def test_products_are_taken_apart_and_others_are_not() -> None:
    assert factors_of(2.5 * PEAK * X1) == ((PEAK, X1), 2.5)
    assert factors_of(X1 * sp.tanh(X1) * X0) == ((X0, X1 * sp.tanh(X1)), 1.0)
    for expr in (X0 * X1, 3.0 * X0 * X1, sp.Max(X0, X1), X0 * sp.Max(X0, X1), sp.Abs(X0), X0**2):
        assert factors_of(expr) is None


@pytest.mark.parametrize("expr", [PEAK, X0**2])
def test_few_bits_of_a_factor_tell_more_than_as_many_of_its_input(expr: sp.Expr) -> None:
    factor = Factor.of(expr)
    values = factor.values(GRID)
    reader = factor_reader(0, factor, GRID, 3, COUNTS)
    assert reader is not None and reader.bits == 3
    error = np.abs(reader.values()[reader.codes(GRID)] - values).mean()
    coarse = Reader.highest(0, GRID, 3)
    read = coarse.values()[coarse.codes(GRID)]
    written = sp.lambdify(X0, expr, [{"Min": np.minimum, "Abs": np.abs}, "numpy"])
    assert error < 0.8 * np.abs(written(read) - values).mean()


def test_a_sign_is_one_bit_and_is_exact() -> None:
    factor = Factor.of(sp.sign(X0 - 0.61))
    reader = factor_reader(0, factor, GRID, 3, COUNTS)
    assert reader is not None and reader.bits == 1
    np.testing.assert_array_equal(reader.values()[reader.codes(GRID)], np.sign(VALUES - 0.61))


def test_what_has_no_value_or_lies_at_a_tie_is_not_read() -> None:
    assert factor_reader(0, Factor.of(sp.log(X0)), GRID, 3, COUNTS) is None
    assert factor_reader(0, Factor.of(0 * X0 + sp.Max(X0, 2.5)), GRID, 3, COUNTS) is None
    tie = Reader(0, 2, 1, 0.25, Factor.of(sp.Abs(X0)))
    assert not tie.is_clear(GRID) and replace(tie, low=0.26).is_clear(GRID)


def test_neighbours_are_clear_and_within_their_bits() -> None:
    reader = factor_reader(0, Factor.of(PEAK), GRID, 3, COUNTS)
    assert reader is not None
    found = list(neighbours(reader, GRID, 4))
    assert {r.bits for r in found} == {2, 3, 4} and any(r.factor != reader.factor for r in found)
    for other in found:
        codes = other.codes(GRID)
        assert other.is_clear(GRID) and codes.min() >= 0 and codes.max() < 1 << other.bits


@pytest.mark.parametrize("expr", PRODUCTS)
def test_the_program_is_the_printed_formula_with_the_printed_rounding(expr: sp.Expr) -> None:
    made = of_factors(expr, (GRID, GRID), (COUNTS, COUNTS))
    assert made is not None
    shape, number, readers = made
    part, low = place(Part(0, (shape,), (3.1 * number,), 0.0, readers, 1, 2), 5)
    assert part.is_clear()
    state = QuantisedState(
        (GRID, GRID), Scale(LossKind.CLASSES, (2, 2), np.zeros(2), np.ones(2)), (part,), (low, 0), 0.25
    )
    design = design_of(state, problem(np.zeros((len(EVERY_INPUT), 2))))
    np.testing.assert_array_equal(design.predict(EVERY_INPUT), design.float_outputs(EVERY_INPUT))
    # Without its rounding it is the product that was given, up to the constant.
    printed = design.proposal.inlined()["y0"] - design.proposal.inlined()["y1"]
    without = sp.simplify(printed.as_coeff_Add()[1] - 3.1 * expr)
    at = [abs(float(without.subs({X0: a, X1: b}))) for a, b in ((0.3, 0.7), (-0.6, 0.2), (0.9, -0.5))]
    assert max(at) < 1e-9


def test_a_product_of_narrow_factors_needs_its_factors() -> None:
    peak = np.minimum(0.11, np.abs(EVERY_INPUT[:, 0] + 0.62))
    score = 60 * (peak - 0.055) * np.abs(EVERY_INPUT[:, 1] - 0.13)
    wanted = problem(np.stack([score, np.zeros(len(score))], axis=1))
    model = JointModel(
        (Term(PEAK * sp.Abs(X1 - 0.13)), Term(sp.Abs(X1 - 0.13))),
        np.array([[60.0, -3.3], [0.0, 0.0]]),
        np.zeros(2),
    )
    options = QuantisedOptions(TrainOptions(rows=4096, most_sweeps=2, settle=1, finish=0))
    agreed = {}
    for luts in (0, 1_000):
        design = train_quantised(
            model, wanted, max_lut=40, seed=0, options=replace(options, factor_luts=luts)
        )
        agreed[luts] = wanted.score(design.predict(EVERY_INPUT), wanted.test)
        reads = [e for name, e in design.proposal.definitions if name.startswith("u") and e.has(sp.Abs)]
        assert bool(reads) == (luts == 0)
    assert agreed[0] > agreed[1_000] and agreed[0] > 0.97


def test_what_never_varies_is_neither_read_nor_kept() -> None:
    factor = Factor.of(PEAK)
    beside = Reader(0, 1, 0, 5.01, factor)
    assert not beside.is_clear(GRID), "the factor is at most 0.11"
    shape, inner = QuantisedShape.of(Term(sp.Abs(X0 + 0.5)))
    flat = Part(0, (shape,), (0.01, *inner), 0.51, (Reader.first(0, GRID, 4),), 2, 0)
    assert np.ptp(flat.entries()) == 0
    state = QuantisedState(
        (GRID, GRID), Scale(LossKind.CLASSES, (0, 0), np.zeros(2), np.ones(2)), (flat,), (3, 0), 0.25
    )
    assert state.without_constants().parts == () and state.without_constants().bias == (4, 0)
