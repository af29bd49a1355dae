"""Which design is built, by what is known before synthesis; and which circuit a budget refuses."""

from collections.abc import Iterable, Sequence

from sr2hls.circuit import Circuit
from sr2hls.design import Design
from sr2hls.errors import BudgetError
from sr2hls.flow.readability import readable_nodes
from sr2hls.problem import Problem
from sr2hls.program.ends import NO_ENDS, Ends, wires
from sr2hls.program.predict import program_model
from sr2hls.program.types import FixedType
from sr2hls.report.frontier import DesignFrontier, FrontierPoint
from sr2hls.report.hardware import FigureKey
from sr2hls.target import Budget

_SIZES = (50, 100, 200)
_SHARES = (0.5, 0.75, 1.0)
_WORTH = 0.004
"""Score that a smaller design may lack of the best one's, where no fidelity is asked for."""
READABLE_WORTH = 0.02
"""Score that a readable design may lack of the best one's, tables included."""
_SCORE_BITS = 8
_UNSURE = 1.5
"""A design is tried although it seems to need this many times the LUTs: they are predicted, not counted."""


def sizes_for(budget: Budget, around: float = 0.0) -> tuple[int, ...]:
    """Return the LUTs that designs are made for: shares of the budget, or a few that suit small circuits.

    Args:
        budget: of the whole circuit.
        around: LUTs that stand around every design (see `luts_around`).
    """
    if budget.max_lut is None:
        return _SIZES
    return tuple(sorted({max(1, round(share * (budget.max_lut - around))) for share in _SHARES}))


def luts_around(problem: Problem, ends: Ends) -> float:
    """Return the LUTs of the maps of all inputs, and of the argmax of scores of eight bits, as predicted."""
    found = 0.0
    if ends.maps is not None:
        found += program_model().luts(Ends(ends.maps).around(wires(problem.types)))
    if ends.argmax:
        scores = {name: FixedType(True, _SCORE_BITS, _SCORE_BITS) for name in problem.output_names}
        found += program_model().luts(Ends(argmax=True, binary=ends.binary).around(wires(scores)))
    return found


def rank(problem: Problem, designs: Sequence[Design], budget: Budget, ends: Ends = NO_ENDS) -> list[Design]:
    """Return the designs that may meet the budget in the order in which they are to be tried.

    Good enough is what is as faithful as ``min_fidelity`` asks or, without it, has a score within 0.004 of
    the best. First come readable designs with a score within 0.02 of the best of all: those that are good
    enough among them, the smallest first, then the better ones. All others follow in the same way. All is
    measured on validation data; LUTs are predicted from the program.

    Raises:
        BudgetError: none is as faithful or as short as asked.
    """
    luts = {d.proposal.name: program_model().luts(ends.around(d.program)) for d in designs}
    most = float("inf") if budget.max_lut is None else _UNSURE * budget.max_lut
    nodes = {d.proposal.name: readable_nodes(problem, d) for d in designs}
    short = [d for d in designs if _is_short(nodes[d.proposal.name], budget)]
    if not short:
        raise BudgetError(_no_short_one(nodes.values(), budget))
    fitting = [d for d in short if luts[d.proposal.name] <= most]
    fitting = fitting or [min(short, key=lambda d: luts[d.proposal.name])]
    split = problem.validation
    outputs = {d.proposal.name: d.predict(split.inputs) for d in fitting}
    score = {name: problem.score(o, split) for name, o in outputs.items()}
    least = max(score.values()) - READABLE_WORTH
    if budget.min_fidelity is not None:
        score = {name: problem.fidelity(o, split) for name, o in outputs.items()}
        least = budget.min_fidelity
        if max(score.values()) < least:
            raise BudgetError(
                f"no design meets min_fidelity {least:g}: the nearest has {max(score.values()):.4f} on "
                "validation data; lower it, give the inputs more bits, or search with more effort"
            )
        fitting = [d for d in fitting if score[d.proposal.name] >= least]

    def ordered(some: Sequence[Design]) -> list[Design]:
        floor = max((score[d.proposal.name] for d in some), default=0.0) - _WORTH
        floor = floor if budget.min_fidelity is None else budget.min_fidelity
        good = [d for d in some if score[d.proposal.name] >= floor]
        others = [d for d in some if score[d.proposal.name] < floor]
        return [
            *sorted(good, key=lambda d: (luts[d.proposal.name], -score[d.proposal.name])),
            *sorted(others, key=lambda d: -score[d.proposal.name]),
        ]

    names = {d.proposal.name for d in fitting}
    readable = {n for n in names if nodes[n] is not None and score[n] >= least}
    first = [d for d in fitting if d.proposal.name in readable]
    return [*ordered(first), *ordered([d for d in fitting if d.proposal.name not in readable])]


def preference_note(problem: Problem, chosen: Design, designs: Sequence[Design]) -> tuple[str, ...]:
    """Say what a readable design lacks of the best one's score, where another one is the best."""
    split = problem.validation
    score = {d.proposal.name: problem.score(d.predict(split.inputs), split) for d in designs}
    best = max(score, key=lambda name: score[name])
    lacks = score[best] - score[chosen.proposal.name]
    if lacks <= _WORTH or readable_nodes(problem, chosen) is None:
        return ()
    return (
        f"'{chosen.proposal.name}' was chosen because its formulas are readable; '{best}' has {lacks:.4f} "
        f"more of the score on validation data, and a readable design may lack {READABLE_WORTH:g}",
    )


def _is_short(nodes: int | None, budget: Budget) -> bool:
    return budget.max_nodes is None or (nodes is not None and nodes <= budget.max_nodes)


def _no_short_one(nodes: Iterable[int | None], budget: Budget) -> str:
    known = [n for n in nodes if n is not None]
    found = f"the shortest readable one has {min(known)}" if known else "none is readable"
    return f"no design meets max_nodes {budget.max_nodes}: {found}; raise it, or search with more effort"


def refuse_over_budget(circuit: Circuit, budget: Budget) -> None:
    """Refuse a circuit that breaks a budget of hardware, and say by how much.

    Raises:
        BudgetError: names the budget and the figure.
    """
    found = circuit.hardware
    limits = [] if found is None else [
        ("max_lut", budget.max_lut, found.used_luts),
        ("max_dsp", budget.max_dsp, found.dsp),
        ("max_bram", budget.max_bram, found.bram),
        ("max_latency_ns", budget.max_latency_ns, found.latency_ns),
    ]  # fmt: skip
    late = found is not None and found.meets_clock is False
    if found is not None and late and budget.max_latency_ns is not None and found.critical_path_ns:
        raise BudgetError(
            f"no design meets max_latency_ns {budget.max_latency_ns:g}: the longest path of the nearest "
            f"takes {found.critical_path_ns.value:.3g} ns, more than the clock period; raise clock_ns, give "
            "the inputs fewer bits, or search with more effort"
        )
    for name, limit, figure in limits:
        if limit is not None and figure is not None and figure.value > limit:
            raise BudgetError(
                f"no design meets {name} {limit:g}: the nearest has {figure.value:g}; raise "
                "the budget, give the inputs fewer bits, or search with more effort"
            )


def best_point(frontier: DesignFrontier, budget: Budget) -> FrontierPoint:
    """Return the design of an exploration with the highest validation score that meets all budgets.

    A readable one goes first if its score is within 0.02 of the best.

    Raises:
        BudgetError: none does.
    """
    fitting = [p for p in frontier.designs if _meets(p, budget)]
    if not fitting:
        raise BudgetError(
            "no design of the exploration meets the budgets: raise them, or explore other sizes"
        )
    least = max(p.validation for p in fitting) - READABLE_WORTH
    readable = [p for p in fitting if p.nodes is not None and p.validation >= least]
    return max(readable or fitting, key=lambda p: (round(p.validation, 4), -(p.used_luts or 0.0)))


def _meets(point: FrontierPoint, budget: Budget) -> bool:
    limits = (
        (FigureKey.LUT, budget.max_lut),
        (FigureKey.DSP, budget.max_dsp),
        (FigureKey.BRAM, budget.max_bram),
        (FigureKey.LATENCY_NS, budget.max_latency_ns),
    )
    for key, limit in limits:
        value = point.used_luts if key is FigureKey.LUT else point.value(key)
        if limit is not None and (value is None or value > limit):
            return False
    path, clock = point.value(FigureKey.CRITICAL_PATH_NS), point.value(FigureKey.CLOCK_NS)
    if budget.max_latency_ns is not None and path is not None and clock is not None and path > clock:
        return False
    if not _is_short(point.nodes, budget):
        return False
    fidelity = point.validation_fidelity
    return budget.min_fidelity is None or (fidelity is not None and fidelity >= budget.min_fidelity)
