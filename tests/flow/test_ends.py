"""Circuits with their argmax and the scaling of their inputs: options, comparison, report."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sympy as sp

from sr2hls.data import InputFormat
from sr2hls.design import Design, Proposal
from sr2hls.errors import InputError, VerificationError
from sr2hls.flow.implement import Inputs, check_ends
from sr2hls.flow.lower import lower
from sr2hls.options import LowerOptions
from sr2hls.program.builder import Builder
from sr2hls.program.ends import DECISION
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.ops import Argmax
from sr2hls.report.hardware import FigureKey
from sr2hls.report.summary import cards, ends_text

FORMULAS = "a = x*y; b = x + y; c = 2*x - 0.3"


def a_design(inputs: InputFormat) -> Design:
    build = Builder(dict(zip(("x0", "x1"), inputs.types, strict=True)))
    values = {"a": build.mul(0, 1), "b": build.add(0, 1), "c": build.shift(0, 1)}
    x, y = sp.symbols("x0 x1")
    proposal = Proposal("test", "a test", {"a": x * y, "b": x + y, "c": 2 * x})
    return Design(proposal, build.program(values), {})


def test_what_is_built_is_held_against_the_design() -> None:
    X = np.random.default_rng(1).uniform([0, -5], [3, 5], (500, 2))
    form = InputFormat.fit(X).with_raw(X, 10, {})
    inputs = Inputs(form, form.values(X), X, classifies=True)
    design = a_design(form)
    ends = inputs.ends(LowerOptions("x", "out", with_argmax=True, with_scaler=True))
    built = ends.around(design.program)
    check_ends(design, built, inputs)
    position = next(k for k, op in enumerate(built.ops) if isinstance(op, Argmax))
    op = built.ops[position]
    wrong = replace(op, args=op.args[::-1])
    turned = replace(built, ops=(*built.ops[:position], wrong, *built.ops[position + 1 :]))
    with pytest.raises(VerificationError, match="differs from the design on the test rows"):
        check_ends(design, turned, inputs)


def test_options_that_say_nothing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--raw-type says how features come to --with-scaler"):
        LowerOptions("x", tmp_path, raw_types=(("x", "ap_fixed<8,3>"),))
    with pytest.raises(InputError, match="--with-argmax needs several outputs"):
        lower("x*x", tmp_path / "a", ranges=(("x", 0.0, 1.0),), with_argmax=True)
    with pytest.raises(InputError, match="raw_types names the feature 'z'"):
        lower(
            "x*x", tmp_path / "b", ranges=(("x", 0.0, 1.0),),
            with_scaler=True, raw_types=(("z", "ap_fixed<8,3>"),),
        )  # fmt: skip
    assert not (tmp_path / "a").exists() and not (tmp_path / "b").exists()


@pytest.mark.slow
def test_a_circuit_with_its_ends_from_formulas_to_the_report(tmp_path: Path) -> None:
    ranges = (("x", 0.0, 3.0), ("y", -1.0, 1.0))
    plain = lower(FORMULAS, tmp_path / "plain", ranges=ranges, input_bits=6, error=0.05)
    whole = lower(
        FORMULAS,
        tmp_path / "whole",
        ranges=ranges,
        input_bits=6,
        error=0.05,
        with_argmax=True,
        with_scaler=True,
        raw_types=(("x", "ap_ufixed<9,2>"),),
    )
    program = whole.circuit.program
    assert program.output_names[-1] == DECISION
    assert str(program.input_types[0]) == "ap_ufixed<9,2,RND,SAT>"
    X = np.random.default_rng(5).uniform([0, -1], [3, 1], (2000, 2))
    found = Interpreter(program).predict(np.asarray(X))
    assert np.array_equal(found[:, :3], whole.predict(X))
    assert np.array_equal(found[:, 3], whole.predict(X).argmax(axis=1))
    assert ends_text(plain.report) == "without the rounding of inputs"
    assert ends_text(whole.report) == "with argmax and the rounding of inputs"
    assert any(ends_text(whole.report) in card.detail for card in cards(whole.report))
    luts = [r.report.hardware[0].figures[FigureKey.LUT] for r in (plain, whole)]
    assert luts[0] is not None and luts[1] is not None
    assert luts[1].value > luts[0].value
    proven = {a.executor.split(" (")[0] for a in whole.circuit.agreements if a.proof}
    assert proven >= {"Verilog", "mapped netlist"}
    assert any(DECISION in note for note in whole.report.notes)
