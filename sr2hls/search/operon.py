"""The embedded engine: Operon's NSGA-II over loss, cost and latency, several restarts merged."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import sympy
from joblib import Parallel, delayed

from sr2hls.arrays import FloatArray
from sr2hls.costs import CostModel, describe
from sr2hls.errors import InputError
from sr2hls.orphans import tied_workers
from sr2hls.search.base import CheckedEngine, ProgressCallback, SearchOptions, SearchProgress, SearchTask
from sr2hls.search.expressions import expr_from_tree
from sr2hls.search.front import Candidate, Front, Frontier, Scalar
from sr2hls.search.operon_run import OperonRun, OperonSettings, RunResult, run_operon
from sr2hls.search.operon_tree import operon_operators
from sr2hls.search.polish import Polisher
from sr2hls.search.search_objective import Loss, SearchObjective, View, objective_for, views_of

Forms = dict[sympy.Expr, float]
"""Least loss of each form that was polished."""


@dataclass(frozen=True, slots=True)
class OperonEngine(CheckedEngine):
    """Operon behind the protocol of search engines.

    The budget counts generations and restarts, so that the same seed gives the same front on any machine; a
    time limit is a second stop, and the notes of the frontier say when it was what stopped the search.
    """

    settings: OperonSettings = field(default_factory=OperonSettings)
    name: str = "operon"

    @property
    def fingerprint(self) -> str:
        """Changes with every setting."""
        return repr(self)

    def run(self, task: SearchTask) -> Frontier:
        """Search one output after the other.

        Raises:
            InputError: Operon lacks an operator, or its cost is unknown.
        """
        cost, options, names, out = task.cost, task.options, task.input_names, task.output_names
        operon_operators(options.operators, options.definitions)
        for operator in options.operators:
            if not cost.supports(operator):
                raise InputError(
                    f"the cost model '{cost.name}' has no cost for operator '{operator}': leave the operator "
                    "out or add it to a cost table"
                )
        fronts: list[Front] = []
        notes: list[str] = []
        for k, deadline in enumerate(task.deadlines()):
            seed, y = task.seed + 1000 * k, task.Y[:, k]
            output = _Output(self.settings, out[k], names, task.X, y, cost, options, seed)
            front, more = output.search(deadline, task.progress)
            fronts.append(front)
            notes += more
            if any("interrupted" in note for note in more):
                fronts += [Front(rest, ()) for rest in out[k + 1 :]]
                break
        return Frontier(tuple(fronts), names, describe(cost), tuple(dict.fromkeys(notes)))


@dataclass(frozen=True, slots=True)
class _Output:
    """The search for one output."""

    settings: OperonSettings
    name: str
    names: tuple[str, ...]
    X: FloatArray
    y: FloatArray
    cost: CostModel
    options: SearchOptions
    seed: int

    def search(self, deadline: float | None, progress: ProgressCallback | None) -> tuple[Front, list[str]]:
        objective = objective_for(self.y, self.options.loss)
        polisher = Polisher(self.X, objective, self.cost, self.options.latency, self.options.definitions)
        views = views_of(self.X, self.y)
        notes = [f"{self.name}: {text}" for v in views if (text := v.describe(self.names))]
        if objective.loss is Loss.LOG and (zeros := int(np.count_nonzero(self.y == 0))):
            notes.append(f"{self.name}: {zeros} rows with target 0 are left out of the logarithmic loss")
        front = polisher.front(self.name, [self._constant(polisher)])
        goal = max(self.options.target_loss or 0.0, objective.floor)
        total = self.settings.restarts
        seen: Forms = {}
        try:
            for first in range(0, total, self.settings.round_size):
                last = min(total, first + self.settings.round_size)
                results = self._round(polisher, seen, views, range(first, last), deadline, progress)
                for _, found, forms in results:
                    front = polisher.front(self.name, (*front.candidates, *found))
                    seen = {form: min(loss, seen.get(form, loss)) for form, loss in (seen | forms).items()}
                best = min(c.loss for c in front.candidates)
                if progress is not None:
                    progress(SearchProgress(self.name, last / total, best, f"{last} of {total} restarts"))
                if any(r.interrupted for r, *_ in results):
                    raise KeyboardInterrupt
                if any(r.timed_out for r, *_ in results) or (deadline and time.time() > deadline):
                    notes.append(
                        f"{self.name}: stopped by the time limit in restart {last} of {total}; the front "
                        "depends on the speed of the machine"
                    )
                    break
                if best <= goal:
                    notes.append(f"{self.name}: stopped at loss {best:.3g} after {last} of {total} restarts")
                    break
        except KeyboardInterrupt:
            notes.append(f"{self.name}: interrupted, the best so far is kept")
        return front, notes

    def _constant(self, polisher: Polisher) -> Candidate:
        if polisher.objective.loss is Loss.LOG:
            mean = float(np.exp(np.mean(np.log(np.abs(self.y[self.y != 0]))))) * float(np.sign(self.y.sum()))
        else:
            mean = float(np.mean(self.y))
        expr = sympy.Float(mean)
        loss = polisher.objective.value(np.full(len(self.y), mean))
        return polisher.score(expr, loss, "operon", {"seed": self.seed})

    def _round(
        self,
        polisher: Polisher,
        seen: Forms,
        views: tuple[View, ...],
        restarts: range,
        deadline: float | None,
        progress: ProgressCallback | None,
    ) -> list[tuple[RunResult, list[Candidate], Forms]]:
        jobs = min(self.settings.jobs, len(restarts))
        if jobs > 1:
            restart = delayed(self._restart)
            tasks = (restart(polisher, seen, views[r % len(views)], r, deadline) for r in restarts)
            with tied_workers():
                return list(Parallel(n_jobs=jobs)(tasks))
        results = []
        for r in restarts:
            results.append(self._restart(polisher, seen, views[r % len(views)], r, deadline, progress))
            if results[-1][0].interrupted:
                break
        return results

    def _restart(
        self,
        polisher: Polisher,
        seen: Forms,
        view: View,
        restart: int,
        deadline: float | None,
        progress: ProgressCallback | None = None,
    ) -> tuple[RunResult, list[Candidate], Forms]:
        run = self._run(view, polisher.objective, restart, deadline)
        result = run_operon(run, lambda generation: self._report(restart, generation, progress))
        forms = dict(seen)
        return result, list(self._polished(polisher, view, result, restart, deadline, forms)), forms

    def _report(self, restart: int, generation: int, progress: ProgressCallback | None) -> None:
        if progress is not None and generation % 5 == 0:
            done = (restart + generation / self.settings.generations) / self.settings.restarts
            progress(SearchProgress(self.name, min(1.0, done), float("nan"), f"restart {restart + 1}"))

    def _run(self, view: View, objective: SearchObjective, restart: int, deadline: float | None) -> OperonRun:
        seed = self.seed + restart + 1
        rows = np.arange(len(self.X))
        if len(rows) > self.settings.max_rows:
            chosen = np.random.default_rng(seed).choice(len(rows), self.settings.max_rows, replace=False)
            rows = np.sort(chosen)
        X, y = view.transform(self.X[rows], self.y[rows])
        target = self.options.target_loss or 0.0
        if objective.loss is Loss.MSE and view.name == "linear":
            target /= view.output_scale**2
        elif objective.loss is not Loss.LOG or view.name != "log":
            target = 0.0
        # Below this an error is rounding of Operon's single precision: the form is exact.
        exact = float((4 * np.finfo(np.float32).eps) ** 2 * np.mean(y**2))
        return OperonRun(
            X=X,
            y=y,
            cost=self.cost,
            latency=self.options.latency,
            operators=self.options.operators,
            definitions=self.options.definitions,
            max_size=self.options.max_size,
            max_depth=self.options.max_depth,
            settings=self.settings,
            seed=seed,
            deadline=deadline,
            target_loss=max(target, exact),
        )

    def _polished(
        self,
        polisher: Polisher,
        view: View,
        result: RunResult,
        restart: int,
        deadline: float | None,
        seen: Forms,
    ) -> Iterator[Candidate]:
        details: dict[str, Scalar] = {"seed": self.seed, "restart": restart, "view": view.name}
        # Cheapest first: what a time limit cuts off are the large formulas.
        for tree in sorted(result.trees, key=lambda t: t.complexity):
            if deadline is not None and time.time() > deadline:
                return
            expr = view.back(expr_from_tree(tree, self.options.definitions))
            for candidate in polisher.polish(expr, "operon", details, seen):
                if candidate.cost is not None:
                    yield candidate
