"""Search, choose, build: the design that meets the budgets, as a circuit."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from sr2hls.circuit import Circuit, build_circuit
from sr2hls.design import Design, check_design, make_design, sound_designs
from sr2hls.errors import BudgetError
from sr2hls.explore.points import full_name
from sr2hls.explore.select import explored_design
from sr2hls.find import Found, Proposal, find_formulas
from sr2hls.options import CompileOptions
from sr2hls.problem import Problem
from sr2hls.program.predict import program_model
from sr2hls.progress import Progress
from sr2hls.rundir import RunDirectory
from sr2hls.search.base import Frontier
from sr2hls.target import Target
from sr2hls.verify.finding import Lint

_ATTEMPTS = 2
"""Searches for a budget of LUTs: the first aims by a rule of thumb, the next by what that one measured."""


@dataclass(frozen=True)
class Built:
    """Formulas, their designs, and the circuit of the one that was chosen.

    Attributes:
        found: fronts and proposals of the search.
        designs: every proposal as a design, in their order.
        chosen: the design that became a circuit.
        lints: warnings about it.
        circuit: its projects and figures.
    """

    found: Found
    designs: tuple[Design, ...]
    chosen: Design
    lints: tuple[Lint, ...]
    circuit: Circuit


def build_design(problem: Problem, options: CompileOptions, run: RunDirectory, progress: Progress) -> Built:
    """Search, choose, build; where the circuit is too large, once more with a smaller aim.

    Raises:
        BudgetError: no design meets the budgets.
    """
    if options.explored is not None:
        return _build_explored(problem, options, run, progress)
    share = 1.0
    for attempt in range(_ATTEMPTS):
        found = Found.from_dict(
            run.cached(f"search{attempt}", partial(_search, problem, options, progress, share))
        )
        designs = _designs(problem, found, progress)
        chosen = _choose(problem, designs, options.target)
        lints, circuit = _build(problem, chosen, options, run, progress)
        excess = _lut_excess(circuit, options.target)
        if excess <= 1:
            break
        share *= 0.9 / excess
    _check_budget(problem, chosen, circuit, options.target)
    return Built(found, designs, chosen, lints, circuit)


def _build_explored(
    problem: Problem, options: CompileOptions, run: RunDirectory, progress: Progress
) -> Built:
    point, design = explored_design(problem, options)
    progress.note(f"{point.name} of the exploration: {point.label}")
    lints, circuit = _build(problem, design, options, run, progress)
    _check_budget(problem, design, circuit, options.target)
    proposal = Proposal(full_name(point.name, point.label), design.formulas, point.validation)
    found = Found(Frontier((), problem.feature_names, notes=design.notes), (proposal,))
    return Built(found, (design,), design, lints, circuit)


def _build(
    problem: Problem, design: Design, options: CompileOptions, run: RunDirectory, progress: Progress
) -> tuple[tuple[Lint, ...], Circuit]:
    with progress.stage("checks"):
        lints = check_design(problem, design)
    circuit = build_circuit(
        design.program,
        run.path,
        problem.test.inputs,
        target=options.target,
        synthesis=options.synthesis,
        progress=progress,
        backend=options.backend.value,
    )
    return lints, circuit


def _search(problem: Problem, options: CompileOptions, progress: Progress, share: float) -> dict[str, Any]:
    return find_formulas(problem, options, progress, share).to_dict()


def _lut_excess(circuit: Circuit, target: Target) -> float:
    """Return how many times the budget of LUTs a circuit takes; 0 where there is no budget or figure."""
    budget, found = target.budget.max_lut, circuit.hardware
    if budget is None or found is None or found.lut is None:
        return 0.0
    return found.lut.value / max(budget, 1)


def _designs(problem: Problem, found: Found, progress: Progress) -> tuple[Design, ...]:
    designs = []
    with progress.stage("precision", total=len(found.proposals)) as stage:
        for proposal in found.proposals:
            designs.append(make_design(problem, proposal.formulas))
            stage.advance(message=proposal.name)
    return tuple(designs)


def _choose(problem: Problem, designs: tuple[Design, ...], target: Target) -> Design:
    """Return the best design on validation data among those that seem to fit the budget of LUTs.

    A score that is a thousandth lower is worth it for half of the size.
    """
    budget = target.budget.max_lut
    luts = program_model().luts
    sound = sound_designs(problem, designs)
    fitting = [d for d in sound if budget is None or luts(d.program) <= 1.5 * budget]
    split = problem.validation

    def value(design: Design) -> tuple[float, float]:
        score = problem.score(design.predict(split.inputs), split)
        return round(score, 3), -luts(design.program)

    return max(fitting or sound, key=value)


def _check_budget(problem: Problem, design: Design, circuit: Circuit, target: Target) -> None:
    """Refuse a circuit that breaks a budget, and say by how much.

    Raises:
        BudgetError: names the budget and the figure.
    """
    budget, found = target.budget, circuit.hardware
    limits = [] if found is None else [
        ("max_lut", budget.max_lut, found.lut),
        ("max_dsp", budget.max_dsp, found.dsp),
        ("max_bram", budget.max_bram, found.bram),
        ("max_latency_ns", budget.max_latency_ns, found.latency_ns),
    ]  # fmt: skip
    for name, limit, figure in limits:
        if limit is not None and figure is not None and figure.value > limit:
            raise BudgetError(
                f"no design meets {name} {limit:g}: the nearest has {figure.value:g}; raise "
                "the budget, give the inputs fewer bits, or search with more effort"
            )
    if budget.min_fidelity is not None:
        fidelity = problem.fidelity(design.predict(problem.validation.inputs), problem.validation)
        if fidelity < budget.min_fidelity:
            raise BudgetError(
                f"no design meets min_fidelity {budget.min_fidelity:g}: the nearest has {fidelity:.4f} on "
                "validation data; lower it, give the inputs more bits, or search with more effort"
            )
