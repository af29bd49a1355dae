"""Gradient-boosted trees for the jets: conifer's trees as a program, and conifer's own VHDL."""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from conifer_vhdl import conifer_model, hdl_design, write_and_simulate
from frontier_rows import Row, figures_of, row_of
from frontier_table import VHDL
from tree_programs import Boosted, boost, leaf_scores, trees_program

from sr2hls.circuit import build_circuit
from sr2hls.errors import VerificationError
from sr2hls.options import Synthesis
from sr2hls.problem import Problem
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.passes import optimize
from sr2hls.progress import SilentProgress
from sr2hls.synthesis.registry import tool_named
from sr2hls.target import Target

PROGRAM = "boosted trees, conifer's converter, sr2hls"
_SIMULATED = 200


def tree_rows(
    problem: Problem, n_trees: int, depth: int, seed: int, target: Target, folder: Path
) -> Iterator[Row]:
    """Row of one size of ensemble as a program.

    Args:
        problem: a classification with labels.
        n_trees: for each class.
        depth: of every tree.
        seed: of the training.
        target: part and clock.
        folder: of the project.

    Raises:
        VerificationError: the program gives other scores than the rounded trees.
    """
    boosted = boost(problem, n_trees, depth, seed)
    program = trees_program(boosted.ensemble, boosted.frac, dict(problem.types), problem.output_names)
    expected = leaf_scores(boosted.ensemble, problem.test.inputs, boosted.frac)
    _check(Interpreter(program).predict(problem.test.inputs), expected, "the trees' program")
    folder.mkdir(parents=True, exist_ok=True)
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
    row = row_of(
        PROGRAM, f"trees-{n_trees}x{depth}", _label(problem, boosted, n_trees, depth), problem, circuit
    )
    print(f"{row.label}: {row.test:.4f}, {row.lut} LUT, {row.cycles} cycles", flush=True)
    yield row


def vhdl_rows(
    problem: Problem, n_trees: int, depth: int, seed: int, target: Target, folder: Path
) -> Iterator[Row]:
    """Row of the same ensemble as conifer's own VHDL; see `tree_rows`.

    Raises:
        VerificationError: GHDL's simulation of the VHDL gives other scores than the rounded trees.
        ToolError: GHDL is missing, or refuses the VHDL.
    """
    boosted = boost(problem, n_trees, depth, seed)
    splits = (problem.validation, problem.test)
    scores = [leaf_scores(boosted.ensemble, split.inputs, boosted.frac) for split in splits]
    model = conifer_model(boosted, folder)
    raw = np.rint(problem.test.inputs[:_SIMULATED] / boosted.input_step).astype(np.int64)
    found = write_and_simulate(model, raw) * 2.0**-boosted.frac
    _check(found, scores[1][:_SIMULATED], "conifer's VHDL")
    hardware = tool_named("yosys").synthesise(hdl_design(model), target, dsp=False)
    row = Row(
        VHDL,
        f"vhdl-{n_trees}x{depth}",
        _label(problem, boosted, n_trees, depth),
        *(problem.score(outputs, split) for outputs, split in zip(scores, splits, strict=True)),
        **figures_of(hardware),
        measured_by=f"{hardware.tool} {hardware.version} after ghdl --synth, {hardware.step}",
        agreement=f"rounded trees with VHDL (GHDL): {found.size:,} values",
    )
    print(f"{row.name}: {row.test:.4f}, {row.lut} LUT, {row.cycles} cycles", flush=True)
    yield row


def vhdl_rows_apart(*asked: Any) -> list[Row]:
    """Return `vhdl_rows`, made in a process of their own.

    conifer compiles its fixed-point types into an extension of always the same name: the second precision in
    a process gets the first one's.
    """
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        return pool.submit(_listed, *asked).result()


def _listed(*asked: Any) -> list[Row]:
    return list(vhdl_rows(*asked))


def _check(found: np.ndarray, expected: np.ndarray, what: str) -> None:
    if not np.array_equal(found, expected):
        wrong = int((found != expected).sum())
        raise VerificationError(
            f"{what} differs from conifer's rounded trees in {wrong} of {found.size} scores"
        )


def _label(problem: Problem, boosted: Boosted, n_trees: int, depth: int) -> str:
    return (
        f"{problem.n_outputs} x {n_trees} trees of depth {depth}, leaves of {boosted.frac} fractional bits "
        f"({boosted.float_accuracy:.4f} in float)"
    )
