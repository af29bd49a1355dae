"""Search engines as proposers: each fits the working responses of the outputs with their weights."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from sr2hls.arrays import FloatArray
from sr2hls.costs import CostModel, Operators, node_count
from sr2hls.search.base import Engine, SearchOptions
from sr2hls.search.eql.eql_engine import EQLEngine
from sr2hls.search.joint.joint_model import Term
from sr2hls.search.joint.proposals import terms_of
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

    def propose(self, X: FloatArray, responses: FloatArray, weights: FloatArray, seed: int) -> Sequence[Term]:
        """Return the addends of all formulas of the engine's fronts; see `Proposer` for the shapes."""
        formulas = []
        for output in range(responses.shape[1]):
            known = np.flatnonzero(weights[:, output])
            if not len(known):
                continue
            chance = weights[known, output] / weights[known, output].sum()
            rows = known[np.random.default_rng(seed + output).choice(len(known), self.rows, p=chance)]
            found = self.engine.search(
                X[rows],
                responses[rows, output],
                cost=self.cost,
                options=self.options,
                seed=seed + output,
                time_limit=self.time_limit,
            )
            formulas += [candidate.expr for candidate in found[0].candidates]
        return terms_of(formulas)


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

    def propose(self, X: FloatArray, responses: FloatArray, weights: FloatArray, seed: int) -> Sequence[Term]:
        """Return the addends of all formulas of PySR's fronts; see `Proposer` for the shapes.

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
        return terms_of(candidate.expr for front in found.fronts for candidate in front.candidates)


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
