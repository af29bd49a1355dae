"""What every way to find designs has in common: the protocol, and what each is given.

A strategy is one file. It gives a `Proposal`, which is lowered by the flow with the fewest bits that keep its
score, or a finished `Design`, where the search itself chose the bits.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from sr2hls.design import Design, Proposal
from sr2hls.options import CompileOptions
from sr2hls.prepare import Prepared
from sr2hls.problem import Problem
from sr2hls.progress import Progress
from sr2hls.store.record import Record

StageRecord = TypeVar("StageRecord", bound=Record)


class Stages(Protocol):
    """Keeps what stages found, so that an interrupted run goes on from there."""

    def stage(self, name: str, kind: type[StageRecord], compute: Callable[[], StageRecord]) -> StageRecord:
        """Return what is kept of a stage, or compute it and keep it.

        Args:
            name: of its file; the strategy's own name comes first.
            kind: the record that the file holds; nobody but the strategy reads it.
            compute: makes it.
        """

    def kept(self, name: str, kind: type[StageRecord]) -> StageRecord | None:
        """Return what is kept of a stage.

        Raises:
            InputError: it is no record of this kind.
        """

    def kept_design(self, name: str, problem: Problem) -> Design | None:
        """Return a design of this name that was found before.

        Raises:
            InputError: its file is damaged.
        """


class Unkept:
    """Keeps nothing: stages of a search that is never gone on with."""

    def stage(self, name: str, kind: type[StageRecord], compute: Callable[[], StageRecord]) -> StageRecord:
        """Compute the stage."""
        return compute()

    def kept(self, name: str, kind: type[StageRecord]) -> StageRecord | None:
        """Return nothing: nothing was kept."""
        return None

    def kept_design(self, name: str, problem: Problem) -> Design | None:
        """Return nothing: no design was kept."""
        return None


@dataclass(frozen=True, eq=False)
class Context:
    """What every strategy is given.

    Attributes:
        prepared: teacher, data and problem.
        options: engine, effort, seed, target and tables.
        stages: keeps what is found.
        progress: told of every stage.
    """

    prepared: Prepared
    options: CompileOptions
    stages: Stages
    progress: Progress

    @property
    def problem(self) -> Problem:
        """What has to be done."""
        return self.prepared.problem


@dataclass(frozen=True)
class Plan:
    """What a strategy is going to do.

    Attributes:
        stages: name of each stage to about how many seconds it takes.
        designs: names of the designs that may come of it.
    """

    stages: Mapping[str, float] = field(default_factory=dict)
    designs: tuple[str, ...] = ()


class Strategy(Protocol):
    """A way to find designs."""

    def plan(self, problem: Problem, sizes: Sequence[int]) -> Plan:
        """Return what `propose` is going to do, for the time that is left over all."""

    def propose(self, problem: Problem, sizes: Sequence[int]) -> Iterator[Proposal | Design]:
        """Find designs, the cheapest first.

        Args:
            problem: the teacher's answers on the circuit's inputs.
            sizes: LUTs to aim at, about, in ascending order.

        Raises:
            Sr2hlsError: something the user can mend, in one sentence.
        """
