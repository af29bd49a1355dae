"""Formulas say what the circuit computes: terms that rounding has left out are not shown."""

import numpy as np
import pytest
import sympy as sp

from sr2hls.design import Proposal, check_design, make_design
from sr2hls.objectives import r2
from sr2hls.problem import Problem, Split
from sr2hls.program import ops
from sr2hls.program.builder import Builder
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.lower_formulas import OutputError
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.teacher.task import Task
from sr2hls.verify.checked_design import CheckedDesign
from sr2hls.verify.decision import constant_decisions
from sr2hls.verify.degenerate import degeneracies
from sr2hls.verify.vanished import drop_vanished_terms

x, y = sp.symbols("x y")
T = FixedType(True, 6, 3, Rounding.RND, Overflow.SAT)
X = np.random.default_rng(0).uniform(-3.9, 3.9, (1000, 2))


def only_x(formula: sp.Expr, stated: float = 0.01) -> CheckedDesign:
    """A program that computes x, beside a formula that says more."""
    build = Builder({"x": T, "y": T})
    return CheckedDesign(build.program({"f": 0}), {"f": formula}, X, {"f": OutputError(stated, 9.0)})


def test_a_term_that_rounds_to_nothing_is_left_out_and_said() -> None:
    design = only_x(x + 0.02 * y + 0.25)
    assert [f.rule for f in degeneracies(design)] == ["dropped-input", "outside-bound"]
    honest = drop_vanished_terms(design, {"y": "second", "f": "mass"})
    mean = float(np.mean(design.raw[:, 1] * T.step))
    assert honest.formulas["f"].free_symbols == {x}
    assert float(honest.formulas["f"].subs(x, 0)) == pytest.approx(0.25 + 0.02 * mean)
    assert honest.errors["f"].rms == pytest.approx(0.25 + 0.02 * mean)
    assert len(honest.notes) == 1
    assert honest.notes[0].startswith("'second' is left out of 'mass': at the precision that was chosen")
    again = CheckedDesign(honest.program, honest.formulas, X, honest.errors)
    assert degeneracies(again) == ()
    assert drop_vanished_terms(again).notes == ()


def test_an_input_inside_of_a_product_becomes_its_mean() -> None:
    honest = drop_vanished_terms(only_x(x * (1 + 0.01 * y)))
    assert honest.formulas["f"].free_symbols == {x}
    mean = float(np.mean(only_x(x).raw[:, 1] * T.step))
    assert float(honest.formulas["f"].subs(x, 1)) == pytest.approx(1 + 0.01 * mean)


def test_what_has_not_vanished_stays_as_it_is() -> None:
    design = only_x(x)
    honest = drop_vanished_terms(design)
    assert honest.program is design.program
    assert honest.formulas == design.formulas
    assert honest.errors == design.bounds


def test_a_constant_below_the_last_bit_is_0() -> None:
    build = Builder({"x": T, "y": T})
    zero = build.push(ops.Constant(type=FixedType(True, 4, 4), raw=0, origin="1.2e-9"))
    bounds = {"f": OutputError(0, 0), "g": OutputError(1e-8, 1e-8)}
    design = CheckedDesign(build.program({"f": 0, "g": zero}), {"f": x, "g": sp.Float(1.2e-9)}, X, bounds)
    assert [f.rule for f in degeneracies(design)] == ["vanished-constant"]
    honest = drop_vanished_terms(design)
    assert honest.formulas["g"] == 0
    assert degeneracies(CheckedDesign(honest.program, honest.formulas, X, honest.errors)) == ()
    raw = design.raw
    assert np.array_equal(Interpreter(honest.program).run(raw), Interpreter(design.program).run(raw))


def _problem(outputs: np.ndarray, inputs: np.ndarray, task: Task = Task.LOGITS) -> Problem:
    split = Split(inputs, outputs, None)
    names = tuple(f"y{k}" for k in range(outputs.shape[1]))
    types = {f"x{k}": T for k in range(inputs.shape[1])}
    shown = tuple(f"c{k}" for k in range(len(names)))
    return Problem(task, types, names, ("first", "second", "third", "fourth"), shown, split, split, split)


def _approximated(seed: int) -> tuple[Problem, dict[str, sp.Expr]]:
    """A network of 4 inputs whose last output is dead, and linear formulas that are near it."""
    rng = np.random.default_rng(seed)
    inputs = np.clip(np.rint(rng.normal(size=(800, 4)) / T.step), T.raw_min, T.raw_max) * T.step
    first, second = rng.normal(size=(4, 8)) * 0.3, rng.normal(size=(8, 3)) * 0.3
    second[:, 2] = 0
    hidden = np.maximum(inputs @ first + rng.normal(size=8) * 0.3, 0)
    outputs = hidden @ second + rng.normal(size=3) * 0.1
    fitted = np.linalg.lstsq(np.c_[inputs, np.ones(800)], outputs, rcond=None)[0]
    symbols = sp.symbols("x0:4")
    formulas = {
        f"y{k}": sum(float(fitted[i, k]) * symbols[i] for i in range(4) if i != k) + float(fitted[4, k])
        for k in range(2)
    }
    return _problem(outputs, inputs), {**formulas, "y2": sp.Float(float(fitted[4, 2]))}


def test_classifiers_whose_score_does_not_need_a_term_are_compiled() -> None:
    left_out = []
    for seed in range(10):
        problem, formulas = _approximated(seed)
        design = make_design(problem, Proposal("given", "given", formulas))
        check_design(design, problem.train.inputs)
        left_out += [note for note in design.notes if " is left out of 'c" in note]
    assert left_out


def test_a_dead_output_does_not_spoil_the_score_of_the_others() -> None:
    wanted = np.stack([np.linspace(-1, 1, 100), np.full(100, 0.25)], axis=1)
    wanted[::2, 1] += 3e-8  # rounding of float32
    assert r2(wanted + np.array([0.0, 1e-4]), wanted) > 0.9999
    assert r2(wanted + np.array([0.0, 1.0]), wanted) < 0.1


def test_decisions_that_never_change_are_said() -> None:
    rng = np.random.default_rng(2)
    varied, constant = rng.normal(size=(400, 3)), np.tile([5.0, 0.0, 1.0], (400, 1))
    names = ("g", "q", "w")
    assert constant_decisions(Task.LOGITS, names, varied, varied) == ()
    network, circuit = constant_decisions(Task.LOGITS, names, constant, constant)
    assert network.startswith("the network decides 'g' for all 400 test rows, so that agreement with it says")
    assert circuit == "the circuit decides 'g' for all 400 test rows: it tells nothing apart"
    share = np.mean(np.argmax(varied, axis=1) == 0)
    (circuit,) = constant_decisions(Task.LOGITS, names, constant, varied)
    assert circuit == (
        f"the circuit decides 'g' for all 400 test rows, the network for {share:.4g} of them: it tells "
        "nothing apart"
    )
    (binary,) = constant_decisions(Task.PROBABILITIES, ("signal",), -np.ones((5, 1)))
    assert binary == "the circuit decides 'not signal > 0' for all 5 test rows: it tells nothing apart"
    (value,) = constant_decisions(
        Task.REGRESSION, ("m", "p"), constant[:, :2] * [1, 0] + varied[:, :2] * [0, 1]
    )
    assert value == "output 'm' of the circuit is 5 for all 400 test rows"
