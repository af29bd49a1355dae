"""What is printed is what is on the chip: formulas rounded by their types, for every input there is."""

from itertools import product

import numpy as np
import sympy as sp
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from sr2hls.data.decimal_units import DecimalUnit
from sr2hls.lut_network import LossKind
from sr2hls.problem import Problem, Split
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.quantised.constants import printed_bias
from sr2hls.quantised.digits import rounded
from sr2hls.quantised.input_grid import InputGrid
from sr2hls.quantised.part import Part
from sr2hls.quantised.reader import Reader, free_readers, neighbours, new_readers
from sr2hls.quantised.shape import QuantisedShape
from sr2hls.quantised.start import place
from sr2hls.quantised.state import QuantisedState, Scale
from sr2hls.quantised.to_design import design_of
from sr2hls.search.joint.joint_model import Term
from sr2hls.teacher.task import Task

WIDTH = 5
TYPES = (
    FixedType(True, WIDTH, 1, Rounding.RND, Overflow.SAT),
    FixedType(False, WIDTH, 3, Rounding.RND, Overflow.SAT),
)
GRIDS = (InputGrid(TYPES[0]), InputGrid(TYPES[1], DecimalUnit(1, 0.75)))
"""The second input is a feature in a decimal unit, whose own 0 lies elsewhere."""
X0, X1 = sp.symbols("x0 x1")
ONE = [X0, X1, X0**2, sp.tanh(2.5 * X0 - 0.3), sp.exp(-((3.1 * X0 + 0.2) ** 2)), sp.Abs(X1 - 1.3)]
TWO = [X0 * X1, X0 * sp.tanh(0.7 * X1 - 1.1), sp.Max(X0, 0.3 * X1)]
EVERY_INPUT = np.array(
    list(product(*(np.arange(t.raw_min, t.raw_max + 1) * t.step for t in TYPES))), dtype=np.float64
)


def problem(task: Task = Task.LOGITS) -> Problem:
    split = Split(EVERY_INPUT, np.zeros((len(EVERY_INPUT), 2)), None)
    types = {f"x{k}": t for k, t in enumerate(TYPES)}
    return Problem(task, types, ("y0", "y1"), ("a", "b"), ("p", "q"), split, split, split)


@st.composite
def parts(draw: st.DrawFn) -> Part:
    exprs = draw(st.lists(st.sampled_from(ONE), min_size=1, max_size=2, unique=True))
    if draw(st.booleans()):
        exprs = [draw(st.sampled_from(TWO))]
    terms = [Term(e) for e in exprs if e.free_symbols == exprs[0].free_symbols]
    shapes = [QuantisedShape.of(t) for t in terms]
    constants: list[float] = []
    for _, inner in shapes:
        constants += [rounded(draw(st.floats(-4, 4).filter(lambda c: abs(c) > 0.01))), *inner]
    readers = tuple(draw(st.sampled_from(readers_of(i))) for i in terms[0].inputs)
    part = Part(
        draw(st.integers(0, 1)), tuple(s for s, _ in shapes), tuple(constants),
        rounded(draw(st.floats(-3, 3))), readers, draw(st.integers(1, 4)), 1,
    )  # fmt: skip
    # Training takes no part with a value at a tie, which the order of evaluation would decide.
    assume(part.is_clear())
    return part


def readers_of(position: int) -> list[Reader]:
    grid = GRIDS[position]
    new = list(new_readers(position, grid, 3))
    moved = [n for r in new[::7] for n in neighbours(r, grid, 4)]
    return [*free_readers(position, grid, 6), *new, *moved]


def state_of(found: list[Part], kind: LossKind = LossKind.CLASSES) -> QuantisedState:
    scale = Scale(kind, (1, 1), np.zeros(2), np.ones(2))
    return QuantisedState(GRIDS, scale, tuple(dict.fromkeys(found)), (3, -2), 0.5)


@settings(max_examples=12, deadline=None)
@given(st.lists(parts(), min_size=1, max_size=4))
def test_the_program_is_the_printed_formula_with_the_printed_rounding(found: list[Part]) -> None:
    design = design_of(state_of(found), problem())
    np.testing.assert_array_equal(design.predict(EVERY_INPUT), design.float_outputs(EVERY_INPUT))
    by_hand = np.stack([_by_hand(design, row) for row in EVERY_INPUT[::113]])
    np.testing.assert_array_equal(design.predict(EVERY_INPUT[::113]), by_hand)


def _by_hand(design, row: np.ndarray) -> np.ndarray:  # type: ignore[no-untyped-def]
    """The definitions in sympy, one after the other, each rounded as ap_fixed's RND and SAT say."""
    known: dict[sp.Symbol, sp.Expr] = {sp.Symbol(f"x{k}"): sp.Rational(v) for k, v in enumerate(row)}
    for name, expr in (*design.proposal.definitions, *design.proposal.formulas.items()):
        value = expr.subs(known).evalf(30)
        if name in design.value_types:
            type_ = design.value_types[name]
            raw = sp.floor(value * 2**type_.frac + sp.Rational(1, 2))
            value = sp.Rational(min(max(int(raw), type_.raw_min), type_.raw_max), 2**type_.frac)
        known[sp.Symbol(name)] = value
    return np.array([float(known[sp.Symbol(name)]) for name in design.proposal.formulas])


@settings(max_examples=20, deadline=None)
@given(parts())
def test_reading_is_printed_without_rounding(part: Part) -> None:
    design = design_of(state_of([part]), problem())
    for formula in design.proposal.inlined().values():
        assert not formula.atoms(sp.floor, sp.ceiling)
        assert {s.name for s in formula.free_symbols} <= {"x0", "x1"}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([0, 1]), st.data())
def test_no_input_lies_at_a_tie_of_its_reader(position: int, data: st.DataObject) -> None:
    grid, reader = GRIDS[position], data.draw(st.sampled_from(readers_of(position)))
    steps = (grid.values() - reader.low) / reader.step
    assert np.abs(steps - np.floor(steps) - 0.5).min() > 0.01
    codes = reader.codes(grid)
    assert codes.min() >= 0 and codes.max() < 1 << reader.bits
    assert (np.diff(codes) >= 0).all()


def test_highest_bits_are_wires() -> None:
    for position, grid in enumerate(GRIDS):
        for bits in range(1, WIDTH):
            reader = Reader.highest(position, grid, bits)
            np.testing.assert_array_equal(reader.codes(grid), np.arange(1 << WIDTH) >> (WIDTH - bits))
            assert reader.luts(grid) == 0


def test_a_placed_part_begins_at_its_least_value() -> None:
    shape, inner = QuantisedShape.of(Term(sp.tanh(2.5 * X0 - 0.3)))
    reader = Reader.whole(0, GRIDS[0])
    part, low = place(Part(0, (shape,), (3.0, *inner), 0.0, (reader,), 1, 1), 6)
    entries = part.entries()
    assert entries.min() == 0
    wanted = 3.0 * np.tanh(2.5 * reader.values() - 0.3)
    assert np.abs((entries + low) * 0.5 - wanted).max() <= 0.2501


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-50, 50).map(rounded), max_size=4),
    st.integers(-2000, 2000),
    st.integers(-2, 10),
)
@example([1.5, 1e-18], 0, 0)
def test_the_total_constant_has_three_digits_and_is_rounded_to_its_steps(
    offsets: list[float], steps: int, frac: int
) -> None:
    bias, taken = printed_bias(offsets, steps, frac)
    assert np.floor(bias * 2.0**frac + 0.5) == taken
    total = sum(offsets) + bias
    # Float noise of the sum apart, three digits are all that there are.
    assert abs(total - rounded(total)) < 1e-9
    # A step, or half of a unit in the third digit.
    assert abs(taken - steps) * 2.0**-frac <= 1.6 * max(abs(total), 1) * 10**-2 + 2.0**-frac


def test_a_constant_of_few_digits_is_preferred() -> None:
    # The parts' own 0.137 would make it 8.387: 8.4 is rounded to the same steps.
    bias, taken = printed_bias([0.137], 33, 2)
    assert taken == 33 and abs(bias + 0.137 - 8.4) < 1e-12


def test_limits_that_no_value_reaches_are_not_printed() -> None:
    shape, inner = QuantisedShape.of(Term(sp.Max(X1, 0.4) * X0))
    readers = (Reader.whole(0, GRIDS[0]), Reader.whole(1, GRIDS[1]))
    # The second input is 0.75 at least.
    idle = Part(0, (shape,), (1.5, *inner), 0.25, readers, 4, 1)
    at_work = Part(0, (shape,), (1.5, 0.8), 0.25, readers, 4, 1)
    for part, has_limit in ((idle, False), (at_work, True)):
        lines = dict(design_of(state_of([part]), problem()).proposal.definitions)
        assert lines["t0"].has(sp.Max) == has_limit


def test_steps_never_leave_the_range_of_their_input() -> None:
    """A reader of one value is a constant table, for which the whole design was refused at the end."""
    at_the_end = Reader(0, 1, GRIDS[0].frac - 3, GRIDS[0].max - GRIDS[0].step, None)
    assert all(np.ptp(n.codes(GRIDS[0])) > 0 for n in neighbours(at_the_end, GRIDS[0], 4))
