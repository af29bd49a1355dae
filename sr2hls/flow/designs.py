"""Every design that the strategies find for some sizes: what `compile` and `explore` have in common."""

from collections.abc import Iterator, Mapping, Sequence

from sr2hls.design import Design, Proposal, make_design
from sr2hls.errors import LoweringError
from sr2hls.flow.run_folder import RunFolder
from sr2hls.options import CompileOptions
from sr2hls.prepare import Prepared
from sr2hls.problem import Problem
from sr2hls.progress import Progress
from sr2hls.strategies import STRATEGIES, Context, Plan, Strategy

_PRECISION_S = 5.0


class Designs:
    """Designs of several sizes, by every strategy that is asked for.

    Args:
        prepared: teacher, data and problem.
        options: strategies and all that they are told.
        sizes: LUTs to aim at.
        run: folder that keeps what is finished.
        progress: told of every stage.
    """

    def __init__(
        self,
        prepared: Prepared,
        options: CompileOptions,
        sizes: Sequence[int],
        run: RunFolder,
        progress: Progress,
    ) -> None:
        context = Context(prepared, options, run, progress)
        self._problem, self._run, self._progress = prepared.problem, run, progress
        self._sizes = sorted(set(sizes))
        self._strategies: list[tuple[Strategy, Plan]] = []
        for name in dict.fromkeys(options.strategies):
            strategy = STRATEGIES[name](context)
            self._strategies.append((strategy, strategy.plan(prepared.problem, self._sizes)))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the designs that may come."""
        return tuple(name for _, plan in self._strategies for name in plan.designs)

    def plan(self) -> dict[str, float]:
        """Return every stage to come with about how many seconds it takes."""
        return {name: s for _, plan in self._strategies for name, s in _stages(plan).items()}

    def found(self) -> Iterator[Design]:
        """Find designs, the cheapest of a strategy first; what is in the folder is not made again.

        Raises:
            Sr2hlsError: something the user can mend, in one sentence.
        """
        for strategy, plan in self._strategies:
            for found in strategy.propose(self._problem, self._sizes):
                design = found if isinstance(found, Design) else self._lowered(self._problem, found)
                if design is not None:
                    self._run.keep_design(design)
                    yield design
            withdraw(self._progress, _stages(plan))

    def _lowered(self, problem: Problem, proposal: Proposal) -> Design | None:
        kept = self._run.kept_design(proposal.name, problem)
        if kept is not None:
            return kept
        try:
            with self._progress.stage(f"{proposal.name}: precision"):
                return make_design(problem, proposal)
        except LoweringError as error:
            self._progress.note(f"{proposal.name} is left out: {error}")
            return None


def withdraw(progress: Progress, stages: Mapping[str, float]) -> None:
    """Take stages that were planned and did not come out of the time that is left."""
    progress.plan({name: 0.0 for name in stages if name not in progress.times})


def _stages(plan: Plan) -> dict[str, float]:
    return {**plan.stages, **{f"{name}: precision": _PRECISION_S for name in plan.designs}}
