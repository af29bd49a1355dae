"""LUTs that are predicted while a formula is trained, against synthesis; constants that take none."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from sr2hls.lut_network import LossKind
from sr2hls.problem import Problem, Split
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.quantised.input_grid import InputGrid
from sr2hls.quantised.luts import state_luts
from sr2hls.quantised.part import Part
from sr2hls.quantised.reader import Reader, new_readers
from sr2hls.quantised.shape import QuantisedShape
from sr2hls.quantised.shift import common_shift
from sr2hls.quantised.start import place
from sr2hls.quantised.state import QuantisedState, Scale
from sr2hls.quantised.to_design import design_of
from sr2hls.rtl.project import write_rtl
from sr2hls.search.joint.joint_model import Term
from sr2hls.synthesis.base import HdlDesign
from sr2hls.synthesis.yosys import Yosys
from sr2hls.target import Target
from sr2hls.teacher.task import Task

TYPE = FixedType(True, 6, 1, Rounding.RND, Overflow.SAT)
GRID = InputGrid(TYPE)
X = sp.symbols("x0:6")


def state_of(seed: int, outputs: int, parts: int) -> QuantisedState:
    """Return random parts of six inputs: curves of whole inputs, products of rounded ones."""
    rng = np.random.default_rng(seed)
    found: list[Part] = []
    bias = rng.integers(-40, 40, outputs)
    for k, _ in product(range(outputs), range(parts)):
        i, j = sorted(rng.choice(6, 2, replace=False).tolist())
        if rng.random() < 0.4:
            expr = sp.tanh(3.1 * X[i] + 0.3)
            readers: tuple[Reader, ...] = (Reader.first(i, GRID, int(rng.integers(4, 7))),)
        else:
            expr = X[j] * sp.Abs(X[i] + 0.4)
            readers = (_reader(rng, i, 3), _reader(rng, j, int(rng.integers(2, 4))))
        shape, inner = QuantisedShape.of(Term(expr))
        part = Part(k, (shape,), (float(f"{rng.uniform(1, 5):.3g}"), *inner), 0.0, readers, 1, 2)
        placed, low = place(part, 7)
        if placed.is_clear():
            found.append(placed)
            bias[k] += low
    scale = Scale(LossKind.CLASSES, (2,) * outputs, np.zeros(outputs), np.ones(outputs))
    return QuantisedState((GRID,) * 6, scale, tuple(dict.fromkeys(found)), tuple(bias.tolist()), 0.25)


def _reader(rng: np.random.Generator, position: int, bits: int) -> Reader:
    if rng.random() < 0.5:
        return Reader.first(position, GRID, bits)
    new = [r for r in new_readers(position, GRID, bits) if r.bits == bits]
    return new[int(rng.integers(len(new)))]


def synthesised(state: QuantisedState, folder: Path) -> float:
    outputs = len(state.bias)
    rows = np.random.default_rng(0).integers(-32, 32, (50, 6)) / 32
    split = Split(rows, np.zeros((50, outputs)), None)
    names = tuple(f"y{k}" for k in range(outputs))
    problem = Problem(
        Task.LOGITS, {f"x{k}": TYPE for k in range(6)}, names, tuple("abcdef"), names, split, split, split
    )
    project = write_rtl(design_of(state, problem).program, folder, target=Target())
    lut = Yosys().synthesise(HdlDesign.of(project), Target(), dsp=False).lut
    assert lut is not None
    return lut.value


def errors(sizes: Sequence[tuple[int, int]], folder: Path) -> list[float]:
    found = []
    for seed, (outputs, parts) in enumerate(sizes):
        state = state_of(seed, outputs, parts)
        found.append(synthesised(state, folder / str(seed)) / state_luts(state) - 1)
    return found


def test_a_small_design_takes_the_luts_that_were_predicted(tmp_path: Path) -> None:
    assert abs(errors([(2, 2)], tmp_path)[0]) < 0.15


@pytest.mark.slow
def test_predictions_are_near_on_average_and_never_far_off(tmp_path: Path) -> None:
    found = errors([(3, 2), (3, 4), (4, 4), (5, 5), (5, 6)], tmp_path)
    assert abs(float(np.mean(found))) < 0.06
    assert max(map(abs, found)) < 0.15


@pytest.mark.slow
def test_many_parts_of_one_output_take_fewer_luts_than_predicted(tmp_path: Path) -> None:
    """With eight parts of six inputs some read the same pair, and synthesis joins what the count does not."""
    state = state_of(5, 2, 8)
    assert -0.3 < synthesised(state, tmp_path / "design") / state_luts(state) - 1 < 0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(-30, 30))
def test_a_common_shift_is_near_and_no_worse(seed: int, wanted: int) -> None:
    from sr2hls.quantised.shift import _Ends

    state = state_of(seed, 3, 3)
    shift = common_shift(state, wanted)
    assert abs(shift - wanted) <= 64
    ends = [_Ends(state.of_output(k), bias) for k, bias in enumerate(state.bias)]
    costs = {s: sum(e.further_bits(s) for e in ends) for s in (shift, wanted, wanted - 20, wanted + 20)}
    assert costs[shift] == min(costs.values())
    # A shift of all biases moves the choice by as much.
    moved = replace(state, bias=tuple(b + 5 for b in state.bias))
    assert common_shift(moved, wanted + 5) == shift + 5
