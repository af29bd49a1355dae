"""Gradient-boosted trees for the jets: conifer's trees as a program, and conifer's own VHDL."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from conifer_vhdl import ghdl_missing, hdl_design, write_and_simulate
from frontier_rows import Row, figures_of, row_of
from frontier_table import VHDL
from tree_programs import boost, conifer_model, leaf_scores, trees_program

from sr2hls.circuit import build_circuit
from sr2hls.errors import VerificationError
from sr2hls.options import Synthesis
from sr2hls.problem import Problem
from sr2hls.program.interpreter import Interpreter, quantize_inputs
from sr2hls.program.passes import optimize
from sr2hls.program.program import Program
from sr2hls.progress import SilentProgress
from sr2hls.synthesis.registry import tool_named
from sr2hls.target import Target

PROGRAM = "boosted trees, conifer's converter, sr2hls"
_SIMULATED = 500


def tree_rows(
    problem: Problem, n_trees: int, depth: int, seed: int, target: Target, folder: Path
) -> Iterator[Row]:
    """Rows of one size of ensemble.

    Args:
        problem: a classification with labels.
        n_trees: for each class.
        depth: of every tree.
        seed: of the training.
        target: part and clock.
        folder: of the projects.

    Raises:
        VerificationError: the program or the VHDL gives other scores than conifer's fixed-point trees.
    """
    boosted = boost(problem, n_trees, depth, seed)
    model = conifer_model(boosted, folder / "conifer")
    program = trees_program(model, dict(problem.types), problem.output_names)
    _check_scores(program, problem, leaf_scores(boosted.ensemble, problem.test.inputs, boosted.frac))
    circuit = build_circuit(
        optimize(program),
        folder,
        problem.test.inputs,
        target=target,
        synthesis=Synthesis.YOSYS,
        progress=SilentProgress(),
        name="trees",
        backend=None,
    )
    name = f"trees-{n_trees}x{depth}"
    label = (
        f"{problem.n_outputs} x {n_trees} trees of depth {depth}, leaves of {boosted.frac} fractional bits "
        f"({boosted.float_accuracy:.4f} in float)"
    )
    simulated = None if ghdl_missing() else _simulated(model, program, problem)
    note = "" if simulated is None else f"conifer's VHDL (GHDL): {simulated:,} values"
    row = row_of(PROGRAM, name, label, problem, circuit, note)
    print(f"{row.label}: {row.test:.4f}, {row.lut} LUT, {row.cycles} cycles", flush=True)
    yield row
    if simulated is not None:
        yield _vhdl_row(model, row, target)


def _check_scores(program: Program, problem: Problem, expected: np.ndarray) -> None:
    found = Interpreter(program).predict(problem.test.inputs)
    if not np.array_equal(found, expected):
        raise VerificationError(
            f"the trees' program differs from the rounded trees in {int((found != expected).sum())} scores"
        )


def _simulated(model: Any, program: Program, problem: Problem) -> int:
    """Compare conifer's VHDL with the program on the first test rows; return how many scores are equal."""
    raw = quantize_inputs(program, problem.test.inputs[:_SIMULATED])
    frac = model._fp_converter.fractional_bits
    found = write_and_simulate(model, raw) * 2.0**-frac
    expected = Interpreter(program).predict(problem.test.inputs[:_SIMULATED])
    if not np.array_equal(found, expected):
        raise VerificationError(
            f"conifer's VHDL differs from the trees' program in {int((found != expected).sum())} scores"
        )
    return found.size


def _vhdl_row(model: Any, row: Row, target: Target) -> Row:
    hardware = tool_named("yosys").synthesise(hdl_design(model), target, dsp=False)
    return Row(
        VHDL,
        row.name,
        row.label,
        row.validation,
        row.test,
        **figures_of(hardware),
        measured_by=f"{hardware.tool} {hardware.version} after ghdl --synth, {hardware.step}",
        agreement=f"program, on {_SIMULATED} test rows",
    )
