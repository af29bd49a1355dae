"""A front of models over score, what a reader pays and what the FPGA pays."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from sr2hls.costs import CostModel, additive_cycles, longest_path, published_cycles
from sr2hls.errors import InputError
from sr2hls.search.joint.joint_model import JointModel
from sr2hls.search.joint.price import table_luts
from sr2hls.search.joint.readable import Readability
from sr2hls.search.joint.select_terms import SelectionPoint


@dataclass(frozen=True, eq=False)
class Scored:
    """A model with what was found out about it.

    Attributes:
        model: its constants are rounded.
        loss: the search's loss on the validation rows.
        score: on the validation rows, the higher the better.
        readability: nodes and what speaks against reading it.
        luts: estimated, as sums of tables of few bits (`sr2hls.search.joint.price.table_luts`); the trained
            program's own figure replaces it.
        cycles: of the operators as they stand, added up; ``None`` where the cost model has no cost
            for one of them.
        path: clock cycles on the longest path by the published table, ``None`` likewise.
        source: who found it as a whole formula; empty for a sum of terms.
    """

    model: JointModel
    loss: float
    score: float
    readability: Readability
    luts: float
    cycles: float | None
    path: float | None
    source: str = ""

    @property
    def nodes(self) -> int:
        """Nodes of all formulas together."""
        return self.readability.nodes


@dataclass(frozen=True, eq=False)
class JointFront:
    """Models of which none is better than another in everything, the shortest first.

    Attributes:
        models: the models.
        notes: what the user should know.
        interrupted: whether the search was stopped before its end.
    """

    models: tuple[Scored, ...]
    notes: tuple[str, ...] = ()
    interrupted: bool = False

    def best(
        self, *, max_nodes: int | None = None, max_luts: float | None = None, min_score: float | None = None
    ) -> Scored:
        """Return the model with the best score within the budgets, or the shortest that has a score.

        Raises:
            InputError: no model meets the budgets.
        """
        fitting = [
            m
            for m in self.models
            if (max_nodes is None or m.nodes <= max_nodes)
            and (max_luts is None or m.luts <= max_luts)
            and (min_score is None or m.score >= min_score)
        ]
        if not fitting:
            raise InputError("no model of the front meets the budgets: raise them, or search longer")
        if min_score is not None:
            return min(fitting, key=lambda m: (m.nodes, m.luts, -m.score))
        return max(fitting, key=lambda m: (m.score, -m.nodes))


@dataclass(frozen=True)
class Yardstick:
    """What hardware costs on a front are measured with; as default the published clock cycles.

    Attributes:
        total: cost of all operators.
        path: cost on the longest path.
    """

    total: CostModel = field(default_factory=lambda: additive_cycles(published_cycles()))
    path: CostModel = field(default_factory=lambda: longest_path(published_cycles()))

    def measure(self, model: JointModel) -> tuple[float | None, float | None]:
        """Return the total over all outputs, and the longest path of any."""
        formulas = model.formulas([str(k) for k in range(len(model.bias))]).values()
        try:
            return sum(self.total.cost(f) for f in formulas), max(self.path.cost(f) for f in formulas)
        except InputError:
            return None, None


def estimate_luts(model: JointModel) -> float:
    """Estimate the LUTs of a model as sums of tables of few bits."""
    return table_luts(
        (output, term.inputs)
        for output, row in enumerate(model.coefficients)
        for coefficient, term in zip(row, model.terms, strict=True)
        if coefficient
    )


def not_dominated(models: Sequence[Scored], *, hardware: bool = False) -> tuple[Scored, ...]:
    """Return the models that no other is at least as good as in score, nodes and LUTs; the shortest first.

    Args:
        models: the models.
        hardware: whether what the yardstick says, in total and on the longest path, counts as well.
    """

    def rest(model: Scored) -> tuple[float, ...]:
        measured = (model.cycles, model.path) if hardware else ()
        return (model.luts, -model.score, *(np.inf if m is None else m for m in measured))

    kept: list[Scored] = []
    for model in sorted(models, key=lambda m: (m.nodes, *rest(m))):
        if not any(all(a <= b for a, b in zip(rest(k), rest(model), strict=True)) for k in kept):
            kept.append(model)
    return tuple(kept)


def thin_out(points: Sequence[SelectionPoint], most: int) -> list[SelectionPoint]:
    """Return points that are worth finishing: no cheaper one has a smaller loss, spread over the costs."""
    best: list[SelectionPoint] = []
    for point in sorted(points, key=lambda p: (p.cost, p.loss)):
        if not best or point.loss < best[-1].loss:
            best.append(point)
    if len(best) <= most:
        return best
    ratio = (max(best[-1].cost, 1.0) / max(best[0].cost, 1.0)) ** (1 / most)
    chosen = [best[-1]]
    for point in reversed(best[:-1]):
        if point.cost * ratio <= chosen[-1].cost:
            chosen.append(point)
    return chosen[::-1]
