"""Boosted trees: conifer's fixed-point integers, the program and scikit-learn say the same."""

import copy
import os
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("conifer", reason="boosted trees need conifer")
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from conifer.model import ModelBase
from conifer_vhdl import conifer_model, ghdl_missing, hdl_design, latency_cycles, write_and_simulate
from tree_programs import LEAF, Boosted, boost, each_tree, leaf_scores, trees_program

from sr2hls.problem import Problem, Split
from sr2hls.program.interpreter import Interpreter, quantize_inputs
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.synthesis.registry import tool_named
from sr2hls.target import Target
from sr2hls.teacher.task import Task

TYPE = FixedType(True, 6, 1, Rounding.RND, Overflow.SAT)
TYPES = {f"x{k}": TYPE for k in range(4)}


@pytest.fixture(scope="module")
def problem() -> Problem:
    rng = np.random.default_rng(3)

    def split(n: int) -> Split:
        X = rng.integers(-32, 32, (n, 4)) / 32
        labels = (X[:, 0] + X[:, 1] > 0).astype(int) + (X[:, 2] * X[:, 3] > 0.1)
        return Split(X, np.zeros((n, 3)), labels)

    return Problem(
        Task.LOGITS,
        TYPES,
        ("y0", "y1", "y2"),
        tuple("abcd"),
        tuple("ABC"),
        split(1500),
        split(500),
        split(500),
    )


@pytest.fixture(scope="module")
def boosted(problem: Problem) -> Boosted:
    return boost(problem, 3, 3, seed=0)


def test_rounded_leaves_keep_the_accuracy_and_thresholds_are_on_the_grid(
    problem: Problem, boosted: Boosted
) -> None:
    scores = leaf_scores(boosted.ensemble, problem.test.inputs, boosted.frac)
    assert problem.score(scores, problem.test) == pytest.approx(boosted.float_accuracy, abs=0.03)
    assert boosted.float_accuracy > 0.7
    limit = 2.0 ** (boosted.width - 1 - boosted.frac)
    assert scores.min() >= -limit and scores.max() < limit
    for tree in each_tree(boosted.ensemble):
        inner = np.array(tree["threshold"])[np.array(tree["feature"]) != LEAF] / TYPE.step
        assert inner.size and np.array_equal(inner, np.rint(inner))


def test_the_program_is_conifers_trees(problem: Problem, boosted: Boosted) -> None:
    program = trees_program(boosted.ensemble, boosted.frac, TYPES, problem.output_names)
    X = problem.test.inputs
    found = Interpreter(program).predict(X)
    assert np.array_equal(found, leaf_scores(boosted.ensemble, X, boosted.frac))
    # conifer's own evaluation, in floating point: each of three leaves and the start are off by half a step
    own = ModelBase(copy.deepcopy(boosted.ensemble)).decision_function(X[:100])
    assert 0 < np.abs(own - found[:100]).max() <= 4 * 2.0 ** -(boosted.frac + 1)


@pytest.mark.slow
@pytest.mark.skipif(ghdl_missing(), reason="conifer's VHDL needs GHDL")
def test_conifers_vhdl_gives_the_programs_scores(problem: Problem, boosted: Boosted, tmp_path: Path) -> None:
    before = Path.cwd(), os.environ.get("CPLUS_INCLUDE_PATH")
    model = conifer_model(boosted, tmp_path)
    assert (Path.cwd(), os.environ.get("CPLUS_INCLUDE_PATH")) == before
    program = trees_program(boosted.ensemble, boosted.frac, TYPES, problem.output_names)
    raw = quantize_inputs(program, problem.test.inputs[:50])
    found = write_and_simulate(model, raw) * 2.0**-boosted.frac
    assert np.array_equal(found, Interpreter(program).predict(problem.test.inputs[:50]))
    assert latency_cycles(model) == 3 + 3 + 2 + 1
    hardware = tool_named("yosys").synthesise(hdl_design(model), Target(), dsp=False)
    assert hardware.lut is not None and hardware.lut.value > 20
