"""Search engines as proposers: each fits the working responses of the outputs with their weights."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sr2hls.arrays import FloatArray
from sr2hls.costs import CostModel, Operators, node_count
from sr2hls.search.base import Engine, SearchOptions
from sr2hls.search.eql.eql_engine import EQLEngine
from sr2hls.search.front import Front
from sr2hls.search.joint.whole import WholeFormula
from sr2hls.search.operon import OperonEngine
from sr2hls.search.operon_run import OperonSettings
from sr2hls.search.pysr import PySREngine, PySRSettings

_OPERATORS = ("+", "-", "*", "tanh", "exp", "abs", "max", "min")
_EQL_OPERATORS = ("+", "*", "tanh", "exp", "sin")
_SIZE = 14
_LEAST_WEIGHT = 1e-9


@dataclass(frozen=True)
class EngineProposer:
    """An engine that knows no weights: it sees rows drawn in proportion to them.

    Attributes:
        engine: the engine.
        options: operators and sizes.
        cost: what the engine takes operators to cost, on the hardware.
        rows: rows that are drawn.
        time_limit: seconds for each response, or ``None``.
    """

    engine: Engine
    options: SearchOptions
    cost: CostModel
    rows: int = 2000
    time_limit: float | None = None

    @property
    def name(self) -> str:
        """The engine's name."""
        return self.engine.name

    def propose(
        self, X: FloatArray, responses: FloatArray, weights: FloatArray, seed: int
    ) -> list[WholeFormula]:
        """Return all formulas of the engine's fronts; see `Proposer` for the shapes."""
        formulas: list[WholeFormula] = []
        for output in range(responses.shape[1]):
            known = np.flatnonzero(weights[:, output])
            if not len(known):
                continue
            rows = self._drawn(weights[known, output], known, seed + output)
            found = self.engine.search(
                X[rows],
                responses[rows, output],
                cost=self.cost,
                options=self.options,
                seed=seed + output,
                time_limit=self.time_limit,
            )
            formulas += formulas_of(found[0], output)
        return formulas

    def _drawn(self, weights: FloatArray, known: NDArray[np.intp], seed: int) -> NDArray[np.intp]:
        if len(known) <= self.rows and np.ptp(weights) == 0:
            return known
        chance = weights / weights.sum()
        return known[np.random.default_rng(seed).choice(len(known), self.rows, p=chance)]


@dataclass(frozen=True)
class PySRProposer:
    """PySR, which takes the weights as they are, and all responses in one call: Julia starts once.

    Attributes:
        settings: of the engine.
        options: operators and sizes.
        cost: what PySR takes operators to cost; ``None``: clock cycles of the published table.
        time_limit: seconds for all responses together, or ``None``.
    """

    settings: PySRSettings
    options: SearchOptions
    cost: CostModel | None = None
    time_limit: float | None = None
    name: str = field(default="pysr", init=False)

    def propose(
        self, X: FloatArray, responses: FloatArray, weights: FloatArray, seed: int
    ) -> list[WholeFormula]:
        """Return all formulas of PySR's fronts; see `Proposer` for the shapes.

        Raises:
            ToolError: PySR or Julia is not installed.
        """
        outputs, rows = (np.flatnonzero(weights.any(axis=axis)) for axis in (0, 1))
        if not len(outputs):
            return []
        known = weights[np.ix_(rows, outputs)]
        # Its constants are refitted here on the real loss.
        found = PySREngine(self.settings, self.cost, polish=False).search(
            X[rows],
            responses[np.ix_(rows, outputs)],
            cost=self.cost or node_count(self.options.definitions),
            options=self.options,
            seed=seed,
            time_limit=self.time_limit,
            # PySR takes positive weights only.
            weights=np.maximum(known / known.mean(axis=0), _LEAST_WEIGHT),
        )
        pairs = zip(outputs, found.fronts, strict=True)
        return [formula for output, front in pairs for formula in formulas_of(front, int(output))]


def formulas_of(front: Front, output: int) -> list[WholeFormula]:
    """Return the formulas of an engine's front."""
    return [WholeFormula(output, c.expr, c.engine) for c in front.candidates]


def operon_proposer(
    cost: CostModel | None = None,
    definitions: Operators | None = None,
    operators: Sequence[str] = _OPERATORS,
) -> EngineProposer:
    """Return Operon with a small budget, on some operators: it is asked again and again."""
    known = definitions or Operators()
    settings = OperonSettings(population=100, generations=20, restarts=1, max_rows=2000)
    options = SearchOptions(operators=tuple(operators), max_size=_SIZE, max_depth=6, definitions=known)
    return EngineProposer(OperonEngine(settings), options, cost or node_count(known))


def eql_proposer(cost: CostModel | None = None, definitions: Operators | None = None) -> EngineProposer:
    """Return one round of shallow equation learners."""
    known = definitions or Operators()
    engine = EQLEngine(depths=(1,), rounds=1, restarts=6, polished=2)
    options = SearchOptions(operators=_EQL_OPERATORS, max_size=2 * _SIZE, definitions=known)
    return EngineProposer(engine, options, cost or node_count(known), time_limit=30.0)


def pysr_proposer(
    settings: PySRSettings | None = None,
    cost: CostModel | None = None,
    definitions: Operators | None = None,
    operators: Sequence[str] = _OPERATORS,
) -> PySRProposer:
    """Return PySR with few iterations, on some operators."""
    known = definitions or Operators()
    options = SearchOptions(operators=tuple(operators), max_size=_SIZE, definitions=known)
    return PySRProposer(settings or PySRSettings(niterations=10), options, cost)
