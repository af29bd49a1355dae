"""Search engines as proposers: each fits the working response of one output with its weights."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from sr2hls.costs import CostModel, Operators, node_count
from sr2hls.search.base import Engine, SearchOptions
from sr2hls.search.eql.engine import EQLEngine
from sr2hls.search.joint.model import Term
from sr2hls.search.joint.proposals import terms_of
from sr2hls.search.operon import OperonEngine
from sr2hls.search.operon_run import OperonSettings
from sr2hls.search.pysr import PySREngine
from sr2hls.search.pysr_kwargs import PySRSettings

Floats = NDArray[np.float64]

_OPERATORS = ("+", "-", "*", "tanh", "exp", "abs", "max", "min")
_EQL_OPERATORS = ("+", "*", "tanh", "exp", "sin")
_SIZE = 14


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

    def propose(self, X: Floats, response: Floats, weights: Floats, seed: int) -> Sequence[Term]:
        """Return the addends of all formulas of the engine's front."""
        chance = weights / weights.sum()
        rows = np.random.default_rng(seed).choice(len(X), self.rows, p=chance)
        found = self.engine.search(
            X[rows],
            response[rows],
            cost=self.cost,
            options=self.options,
            seed=seed,
            time_limit=self.time_limit,
        )
        return terms_of(candidate.expr for candidate in found[0].candidates)


@dataclass(frozen=True)
class PySRProposer:
    """PySR, which takes the weights as they are.

    Attributes:
        settings: of the engine.
        options: operators and sizes.
        cost: what PySR takes operators to cost.
        rows: rows that are drawn without regard to weights.
        time_limit: seconds for each response, or ``None``.
    """

    settings: PySRSettings
    options: SearchOptions
    cost: CostModel
    rows: int = 2000
    time_limit: float | None = None
    name: str = field(default="pysr", init=False)

    def propose(self, X: Floats, response: Floats, weights: Floats, seed: int) -> Sequence[Term]:
        """Return the addends of all formulas of PySR's front.

        Raises:
            ToolError: PySR or Julia is not installed.
        """
        count = min(self.rows, len(X))
        rows = np.sort(np.random.default_rng(seed).choice(len(X), count, replace=False))
        fit = {**self.settings.fit, "weights": weights[rows] / weights[rows].mean()}
        # Its constants are refitted here on the real loss; a fit to unweighted rows would spoil them.
        engine = PySREngine(replace(self.settings, fit=fit), polish=False)
        found = engine.search(
            X[rows],
            response[rows],
            cost=self.cost,
            options=self.options,
            seed=seed,
            time_limit=self.time_limit,
        )
        return terms_of(candidate.expr for candidate in found[0].candidates)


def operon_proposer(cost: CostModel | None = None, operators: Operators | None = None) -> EngineProposer:
    """Return Operon with a small budget: it is asked again and again."""
    known = operators or Operators()
    settings = OperonSettings(population=100, generations=20, restarts=1, max_rows=2000)
    options = SearchOptions(operators=_OPERATORS, max_size=_SIZE, max_depth=6, definitions=known)
    return EngineProposer(OperonEngine(settings), options, cost or node_count(known))


def eql_proposer(cost: CostModel | None = None, operators: Operators | None = None) -> EngineProposer:
    """Return one round of shallow equation learners."""
    known = operators or Operators()
    engine = EQLEngine(depths=(1,), rounds=1, restarts=6, polished=2)
    options = SearchOptions(operators=_EQL_OPERATORS, max_size=2 * _SIZE, definitions=known)
    return EngineProposer(engine, options, cost or node_count(known), time_limit=30.0)


def pysr_proposer(
    settings: PySRSettings | None = None, cost: CostModel | None = None, operators: Operators | None = None
) -> PySRProposer:
    """Return PySR with few iterations."""
    known = operators or Operators()
    options = SearchOptions(operators=_OPERATORS, max_size=_SIZE, definitions=known)
    return PySRProposer(settings or PySRSettings(niterations=10), options, cost or node_count(known))
