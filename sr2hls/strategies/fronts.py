"""One formula an output: an engine's fronts of loss and cost, and a choice among them for all outputs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NoReturn

import numpy as np

from sr2hls.design import Design, Proposal
from sr2hls.options import StrategyName
from sr2hls.problem import Problem, Split
from sr2hls.search.auto import choose_engine
from sr2hls.search.base import Engine, SearchOptions, SearchProgress
from sr2hls.search.expressions import expr_from_text, text_of
from sr2hls.search.front import Frontier
from sr2hls.search.pysr import PySREngine
from sr2hls.search.pysr.settings_file import load_pysr_settings
from sr2hls.search.write_hall_of_fame import write_hall_of_fame
from sr2hls.store.directory import Directory
from sr2hls.store.record import Record
from sr2hls.strategies.base import Context, Plan
from sr2hls.strategies.budgets import EFFORTS, formula_cost, refit_together, search_cost
from sr2hls.strategies.joint_choice import JointChoice, joint_choices

NAME = StrategyName.FRONTS.value
_OPERATORS = ("+", "-", "*", "tanh", "exp")
_SEARCH = f"{NAME}: search"
_INTERRUPTED = "interrupted"
"""Folder of what a search had found when Ctrl-C ended it."""


class FoundFronts(Record):
    """What ``stages/fronts.json`` holds."""

    format: Literal["sr2hls-stage-fronts-1"] = "sr2hls-stage-fronts-1"
    frontier: dict[str, Any]


class RefittedFormulas(Record):
    """What ``stages/fronts-*.json`` hold."""

    format: Literal["sr2hls-stage-formulas-1"] = "sr2hls-stage-formulas-1"
    formulas: dict[str, str]


@dataclass(frozen=True)
class Fronts:
    """Formulas of single outputs by the engine that the user chose.

    The best choice on validation data is ``fronts-best``; cheaper ones are named after the size that they
    cost at most.
    """

    context: Context

    def plan(self, problem: Problem, sizes: Sequence[int]) -> Plan:
        """See `Strategy.plan`."""
        options = self.context.options
        seconds = options.time_s or problem.n_outputs * EFFORTS[options.effort].seconds
        names = tuple(self._name(size) for size in (*sizes, None))
        refits = {f"{name}: refit": EFFORTS[options.effort].seconds for name in names}
        return Plan({_SEARCH: seconds, **refits}, names)

    def propose(self, problem: Problem, sizes: Sequence[int]) -> Iterator[Proposal | Design]:
        """See `Strategy.propose`."""
        found = self.context.stages.stage(NAME, FoundFronts, partial(self._search, problem))
        frontier = Frontier.from_dict(found.frontier)
        choices = joint_choices(
            frontier, problem.validation.inputs, lambda outputs: problem.score(outputs, problem.validation)
        )
        for size, choice in _of_sizes(choices, sizes):
            name = self._name(size)
            kept = self.context.stages.stage(
                name, RefittedFormulas, partial(self._refitted, problem, name, choice)
            )
            formulas = {output: expr_from_text(text) for output, text in kept.formulas.items()}
            yield Proposal(name, "one formula an output", formulas, frontier=frontier)

    @staticmethod
    def _name(size: int | None) -> str:
        return f"{NAME}-best" if size is None else f"{NAME}-{size}"

    def _search(self, problem: Problem) -> FoundFronts:
        options, progress = self.context.options, self.context.progress
        budgets = EFFORTS[options.effort]
        asked = search_cost(options)
        engine, reason = choose_engine(
            options.engine.value,
            operon=budgets.direct,
            pysr=None if options.pysr is None else load_pysr_settings(options.pysr, options.effort),
            operators=_OPERATORS,
            effort=options.effort,
            complexity=asked,
        )
        progress.note(reason)
        rows, search = _weighed(engine, problem.train.first(budgets.rows), options.seed)
        with progress.stage(_SEARCH, total=problem.n_outputs) as stage:
            done: dict[str, float] = {}

            def report(now: SearchProgress) -> None:
                before = done.get(now.output, 0.0)
                done[now.output] = now.fraction
                stage.advance(now.fraction - before, f"{now.output}: loss {now.loss:.4g}")

            frontier = search(
                rows.inputs,
                rows.outputs,
                cost=asked or formula_cost(options),
                options=SearchOptions(
                    operators=_OPERATORS,
                    max_size=30,
                    input_names=tuple(problem.types),
                    output_names=problem.output_names,
                ),
                seed=options.seed,
                time_limit=options.time_s,
                progress=report,
            )
        if any("interrupted" in note for note in frontier.notes):
            self._keep_interrupted(frontier)
        if (options.output / _INTERRUPTED).is_dir():
            Directory.at(options.output).remove(_INTERRUPTED)
        return FoundFronts(frontier=frontier.to_dict())

    def _keep_interrupted(self, frontier: Frontier) -> NoReturn:
        """Write the best so far, and end: were it the stage's result, the search would never be finished.

        Raises:
            KeyboardInterrupt: always.
        """
        if any(front.candidates for front in frontier.fronts):
            folder = Directory.at(self.context.options.output).folder(_INTERRUPTED)
            write_hall_of_fame(frontier, folder.path)
            note = f"interrupted: the best so far is in '{folder.path}', which 'sr2hls lower' takes"
            self.context.progress.note(note)
        raise KeyboardInterrupt

    def _refitted(self, problem: Problem, name: str, choice: JointChoice) -> RefittedFormulas:
        formulas = dict(zip(problem.output_names, (c.expr for c in choice.candidates), strict=True))
        with self.context.progress.stage(f"{name}: refit"):
            refitted = refit_together(formulas, problem, self.context.options.effort)
        return RefittedFormulas(formulas={output: text_of(f) for output, f in refitted.items()})


def _weighed(engine: Engine, rows: Split, seed: int) -> tuple[Split, Callable[..., Frontier]]:
    """Return the rows that an engine sees, and its search; without weights rows are drawn."""
    if rows.weights is None or not isinstance(engine, PySREngine):
        return rows.drawn(seed), engine.search
    known = np.flatnonzero(rows.weights)  # PySR takes positive weights only
    weights = rows.weights[known] / rows.weights[known].mean()
    return Split(rows.inputs[known], rows.outputs[known], None), partial(engine.search, weights=weights)


def _of_sizes(
    choices: Sequence[JointChoice], sizes: Sequence[int]
) -> Iterator[tuple[int | None, JointChoice]]:
    """Yield the best choice within each size, each once, and at last the best of all."""
    seen = [choices[-1]]
    for size in sizes:
        within = [c for c in choices if c.cost <= size]
        if within and within[-1] not in seen:
            seen.append(within[-1])
            yield size, within[-1]
    yield None, choices[-1]
