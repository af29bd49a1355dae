"""The joint search behind the protocol of search engines: the dictionary, and an engine's whole formulas."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sr2hls.arrays import FloatArray
from sr2hls.costs import describe
from sr2hls.search.base import CheckedEngine, Engine, SearchTask
from sr2hls.search.front import Candidate, Front, Frontier, complexity_of, cost_or_none
from sr2hls.search.joint.engines import formulas_of
from sr2hls.search.joint.joint_front import JointFront, Scored, Yardstick
from sr2hls.search.joint.log_loss import log_loss
from sr2hls.search.joint.loss import JointLoss, regression_loss
from sr2hls.search.joint.search import JointData, JointOptions, search_jointly
from sr2hls.search.joint.select_terms import SelectionSteps
from sr2hls.search.joint.whole import WholeFormula
from sr2hls.search.search_objective import Loss, SearchObjective, objective_for

_ENGINE_UNTIL = 0.85
"""Share of the time after which the engine has to be ready."""
_ROWS = 20_000
"""Rows that constants are fitted on; the engine and the front see all."""
_PRICE = 0.1
"""Nodes that a unit of the cost model is worth where terms are chosen; the front is over the cost itself."""


@dataclass(frozen=True)
class JointEngine(CheckedEngine):
    """One search: terms of the dictionary, and the whole formulas of an engine, on one front.

    All constants are refitted and recognised by the joint search; those that can be no shorter keep their
    digits.

    Attributes:
        engine: whose formulas are taken.
        dictionary_first: whether the engine is asked only where the dictionary misses the target loss;
            an engine that the user names is asked in any case.
    """

    engine: Engine
    dictionary_first: bool = True

    @property
    def name(self) -> str:
        """The engine's name: it finds the larger part."""
        return self.engine.name

    @property
    def fingerprint(self) -> str:
        """Changes with every setting of the engine."""
        order = "dictionary first" if self.dictionary_first else "engine first"
        return f"joint search, {order}: {self.engine.fingerprint}"

    def run(self, task: SearchTask) -> Frontier:
        """See `sr2hls.search.base.CheckedEngine.run`; outputs are searched one after the other."""
        fronts: list[Front] = []
        notes: list[str] = []
        told: dict[str, object] = {}
        for k, (name, deadline) in enumerate(zip(task.output_names, task.deadlines(), strict=True)):
            limit = None if deadline is None else max(0.0, deadline - time.time())
            search = _OutputSearch(self, task, name, limit)
            fronts.append(search.front(task.X, task.Y[:, k], task.seed + 1000 * k))
            notes += search.notes
            told |= search.told
        return Frontier(
            tuple(fronts), task.input_names, describe(task.cost), tuple(dict.fromkeys(notes)), told
        )


class _OutputSearch:
    """The search for one output.

    It is the proposer of the engine's formulas, too; what the engine says is kept for the notes.
    """

    def __init__(self, by: JointEngine, task: SearchTask, output: str, time_limit: float | None) -> None:
        self._engine, self._dictionary_first = by.engine, by.dictionary_first
        self._cost, self._options, self._progress = task.cost, task.options, task.progress
        self._output, self._limit = output, time_limit
        self._began, self._asked = time.monotonic(), False
        self.notes: list[str] = []
        self.told: dict[str, object] = {}

    @property
    def name(self) -> str:
        """The engine's name."""
        return self._engine.name

    def front(self, X: FloatArray, y: FloatArray, seed: int) -> Front:
        """Return the front over loss and costs."""
        self._data = X, y
        objective = objective_for(y, self._options.loss)
        rows = np.arange(len(X))
        if len(rows) > _ROWS:
            rows = np.sort(np.random.default_rng(seed).choice(len(rows), _ROWS, replace=False))
        loss, part = _joint_loss(objective).part(rows), objective.rows(rows)
        data = JointData(X[rows], loss, X[rows], loss, lambda outputs: -part.value(outputs[:, 0]))
        with np.errstate(all="ignore"):  # terms of data over many decades overflow, and are left
            found = search_jointly(data, self._joint_options(part), seed=seed)
        if found.interrupted:
            self.notes.append(f"{self._output}: interrupted, the best so far is kept")
        return self._front(found, X, objective, seed)

    def propose(
        self, X: FloatArray, responses: FloatArray, weights: FloatArray, seed: int
    ) -> Sequence[WholeFormula]:
        """Return the engine's formulas for the targets, on all rows; it is asked once. See `Proposer`."""
        if self._asked:
            return []
        self._asked = True
        left = None
        if self._limit is not None:
            left = max(0.0, self._began + _ENGINE_UNTIL * self._limit - time.monotonic())
        options = replace(self._options, output_names=(self._output,))
        found = self._engine.search(
            *self._data,
            cost=self._cost,
            options=options,
            seed=seed,
            time_limit=left,
            progress=self._progress,
        )
        self.notes += found.notes
        self.told |= found.told
        return formulas_of(found[0], 0)

    def _joint_options(self, objective: SearchObjective) -> JointOptions:
        options = self._options
        steps = SelectionSteps(factor=0.6, swaps=2, alone_first=self._dictionary_first)
        if options.target_loss is not None:
            constants = objective.value(np.full(len(objective.y), _joint_loss(objective).start()[0]))
            share = options.target_loss / max(constants, objective.floor)
            steps = replace(steps, least_loss=max(steps.least_loss, share))
        return JointOptions(
            max_nodes=options.max_size,
            time_limit=self._limit,
            lut_price=0.0,
            hardware=self._cost,
            hardware_price=_PRICE,
            proposers=(self,),
            operators=options.definitions,
            allowed=options.operators,
            most_inputs=None,
            digits=None,
            beams=(1.0,),
            steps=steps,
            yardstick=Yardstick(self._cost, options.latency or self._cost),
        )

    def _front(self, found: JointFront, X: FloatArray, objective: SearchObjective, seed: int) -> Front:
        candidates = [self._candidate(scored, X, objective, seed) for scored in found.models]
        return Front(self._output, tuple(candidates), objective.floor, len(X)).pareto()

    def _candidate(self, scored: Scored, X: FloatArray, objective: SearchObjective, seed: int) -> Candidate:
        expr, options = scored.model.formulas([self._output])[self._output], self._options
        return Candidate(
            expr=expr,
            loss=objective.value(scored.model.predict(X)[:, 0]),
            cost=cost_or_none(self._cost, expr),
            latency=None if options.latency is None else cost_or_none(options.latency, expr),
            complexity=complexity_of(expr, options.definitions),
            engine=scored.source or "joint",
            details={"seed": seed},
        )


def _joint_loss(objective: SearchObjective) -> JointLoss:
    targets = objective.y[:, None]
    return log_loss(targets) if objective.loss is Loss.LOG else regression_loss(targets)
