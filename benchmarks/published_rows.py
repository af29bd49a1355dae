"""Formulas for the jets in the published flow: those of the real PySR, and those that the demo finds."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import sympy as sp
from attrs import evolve
from frontier_rows import Row, row_of
from published_flow import EVERYWHERE, published_program

from sr2hls.circuit import build_circuit
from sr2hls.costs import area, estimated_luts
from sr2hls.design import Proposal, float_outputs
from sr2hls.errors import LoweringError
from sr2hls.options import CompileOptions, EngineName, StrategyName, Synthesis
from sr2hls.prepare import Prepared, prepare
from sr2hls.problem import Problem
from sr2hls.progress import SilentProgress
from sr2hls.search import read_hall_of_fame
from sr2hls.strategies import STRATEGIES, Context, Unkept

GROUP = "published flow, ap_fixed<16,6>"
_LUTS = 200
"""Size of the sum of functions."""
PYSR_RUN = Path(__file__).resolve().parent.parent / "tests" / "search" / "data" / "pysr_runs" / "jets"


def demo_rows(prepared: Prepared, options: CompileOptions, folder: Path) -> Iterator[Row]:
    """Rows of the formulas that ``compile`` finds: one front an output, and a sum of functions.

    Formulas that the flow cannot express, such as those with constants outside of its one type, have no row.

    Args:
        prepared: the problem with the inputs of the other designs, which formulas are searched on.
        options: engine, effort and seed of the search.
        folder: of the projects.
    """
    context = Context(prepared, evolve(options, engine=EngineName.OPERON), Unkept(), SilentProgress())
    found = [
        proposal
        for name in (StrategyName.FRONTS, StrategyName.ADDITIVE)
        for proposal in STRATEGIES[name](context).propose(prepared.problem, (_LUTS,))
        if isinstance(proposal, Proposal)
    ]
    problem = _wide_problem(options)
    for k, proposal in enumerate(found):
        try:
            yield _row(problem, f"demo-{k}", f"Operon, {proposal.title}", proposal.formulas, options, folder)
        except LoweringError as error:
            print(f"Operon, {proposal.title}: left out: {error}", flush=True)


def pysr_row(options: CompileOptions, folder: Path) -> Iterator[Row]:
    """Row of what the real PySR 1.5.10 found for a network of this kind, the last formula of each front.

    The recorded run distilled another network of the same shape, trained on an independent sample of the same
    jets, both standardised; here the formulas read this sample's features as this network standardises them.
    """
    problem = _wide_problem(evolve(options, scaler="checkpoint"))
    frontier = read_hall_of_fame(
        PYSR_RUN,
        cost=area(estimated_luts(str(EVERYWHERE))),
        input_names=[f"f{k}" for k in range(len(problem.types))],
    )
    formulas = {
        name: front.candidates[-1].expr
        for name, front in zip(problem.output_names, frontier.fronts, strict=True)
    }
    yield _row(problem, "pysr", "PySR 1.5.10, recorded run", formulas, options, folder)


def _wide_problem(options: CompileOptions) -> Problem:
    """Return the problem with inputs of the flow's one type; scaler and splits stay."""
    names = prepare(options, SilentProgress()).dataset.names.display
    types = tuple((name, str(EVERYWHERE)) for name in names)
    return prepare(evolve(options, input_types=types), SilentProgress()).problem


def _row(
    problem: Problem,
    name: str,
    label: str,
    formulas: Mapping[str, sp.Expr],
    options: CompileOptions,
    folder: Path,
) -> Row:
    in_float = problem.score(float_outputs(formulas, problem.test.inputs), problem.test)
    place = folder / name
    place.mkdir(parents=True, exist_ok=True)
    circuit = build_circuit(
        published_program(formulas, tuple(problem.types)),
        place,
        problem.test.inputs,
        target=options.target,
        synthesis=Synthesis.YOSYS,
        progress=SilentProgress(),
    )
    row = row_of(GROUP, name, f"{label} ({in_float:.4f} in float)", problem, circuit)
    print(f"{row.label}: {row.test:.4f}, {row.lut} LUT, {row.cycles} cycles", flush=True)
    return row
