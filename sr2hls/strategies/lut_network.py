"""LUT networks: sums of small lookup tables, grown to copy the teacher, each table with a formula."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from sr2hls.design import ROWS, Design, Proposal, float_outputs
from sr2hls.errors import VerificationError
from sr2hls.lut_network import LutNetwork, Samples
from sr2hls.lut_network.designs import (
    LutNetworkDesign,
    LutNetworkOptions,
    training_samples,
)
from sr2hls.options import Effort, StrategyName, Tables
from sr2hls.problem import Problem
from sr2hls.program.lower_formulas import OutputError
from sr2hls.progress import Stage
from sr2hls.strategies.base import Context, Plan
from sr2hls.strategies.lut_network_sizes import GrownNetwork, NetworkDesigns, SizesApart, SizeWork

NAME = StrategyName.LUT_NETWORK.value
_SAMPLES = f"{NAME}: samples of the network"
_MOST_BITS = 8
"""Wider inputs make even a table of one input larger than what it replaces."""
_SECONDS = {Effort.LOW: 0.3, Effort.MEDIUM: 1.5, Effort.HIGH: 10.0}
"""About how long a LUT of a network takes to grow."""
_WORTH_S = 60.0
"""Growth that takes less is not worth processes of its own: each loads torch first."""


@dataclass(frozen=True)
class LutNetworks:
    """A LUT network of about each size, its tables those of their formulas or free to move from them."""

    context: Context

    def plan(self, problem: Problem, sizes: Sequence[int]) -> Plan:
        """See `Strategy.plan`."""
        if _widest(problem) > _MOST_BITS:
            return Plan()
        a_lut = _SECONDS[self.context.options.effort]
        stages = {_SAMPLES: 10 * a_lut}
        for size in sizes:
            growth = self.context.options.time_s or size * a_lut
            stages |= {f"{NAME}-{size}: growth": growth, f"{NAME}-{size}: formulas": 0.5 * size * a_lut}
        return Plan(stages, tuple(f"{NAME}-{size}-{kind.value}" for size in sizes for kind in self._tables))

    def propose(self, problem: Problem, sizes: Sequence[int]) -> Iterator[Proposal | Design]:
        """See `Strategy.propose`; inputs of more than eight bits have no such network."""
        if (widest := _widest(problem)) > _MOST_BITS:
            note = self.context.progress.note
            note(f"no LUT networks: an input has {widest} bits, more than {_MOST_BITS}")
            return
        apart: SizesApart | None = None
        try:
            apart = self._apart(problem, sizes)
            yield from self._designs_of(problem, sizes, apart)
        finally:
            if apart is not None:
                apart.close()

    def _designs_of(
        self, problem: Problem, sizes: Sequence[int], apart: SizesApart | None
    ) -> Iterator[Design]:
        stages, note = self.context.stages, self.context.progress.note
        for size in sizes:
            name = f"{NAME}-{size}"
            kept = stages.stage(name, GrownNetwork, partial(self._grown, problem, size, apart))
            if kept.network is None:
                if kept.ended:
                    note("no LUT networks: no function of one or two inputs gains anything")
                    return
                note(f"no LUT network of {size} LUT: the smallest takes {kept.smallest}")
                continue
            network = LutNetwork.from_json(kept.network)
            found = stages.stage(
                f"{name}-designs", NetworkDesigns, partial(self._designs, problem, size, network, apart)
            )
            for content in found.designs:
                yield as_design(name, LutNetworkDesign.from_json(content, problem), problem)
            if kept.ended:
                note(f"LUT networks end at {network.luts()} LUT: nothing is gained by a larger one")
                return

    def _apart(self, problem: Problem, sizes: Sequence[int]) -> SizesApart | None:
        """Begin the work of sizes of which nothing is kept, where there are processes for several."""
        stages, jobs = self.context.stages, self.context.options.jobs or os.cpu_count() or 1
        left = [size for size in sizes if stages.kept(f"{NAME}-{size}", GrownNetwork) is None]
        expected_s = sum(left) * _SECONDS[self.context.options.effort]
        if jobs < 2 or len(left) < 2 or expected_s < _WORTH_S:
            return None
        return SizesApart([self._work(problem, size) for size in left], jobs)

    def _work(self, problem: Problem, size: int) -> SizeWork:
        options = self.context.options
        return SizeWork(problem, self._samples, self._how, self._tables, options.seed, size, options.time_s)

    @property
    def _tables(self) -> tuple[Tables, ...]:
        wanted = self.context.options.tables
        return tuple(Tables) if wanted is None else (wanted,)

    @cached_property
    def _how(self) -> LutNetworkOptions:
        how = LutNetworkOptions.of_effort(self.context.options.effort.value)
        target = self.context.options.target
        if target.budget.max_latency_ns is None:
            return how
        cycles = max(1, int(target.budget.max_latency_ns / target.clock_ns))
        return replace(how, grow=replace(how.grow, most_cycles=cycles))

    @cached_property
    def _samples(self) -> Samples:
        prepared = self.context.prepared
        with self.context.progress.stage(_SAMPLES):
            return training_samples(
                prepared.problem,
                self._how,
                lambda copies: prepared.between(copies, self.context.options.seed),
                self.context.options.seed,
            )

    def _grown(self, problem: Problem, size: int, apart: SizesApart | None) -> GrownNetwork:
        with self.context.progress.stage(f"{NAME}-{size}: growth", total=size) as stage:
            if apart is not None and size in apart:
                return apart.wait(size, GrownNetwork, _telling(stage))
            return self._work(problem, size).grown(_GrowthReport(stage))

    def _designs(
        self, problem: Problem, size: int, network: LutNetwork, apart: SizesApart | None
    ) -> NetworkDesigns:
        with self.context.progress.stage(f"{NAME}-{size}: formulas") as stage:
            if apart is not None and size in apart:
                return apart.wait(size, NetworkDesigns, _telling(stage))
            return self._work(problem, size).designs(network, _telling(stage))


def _widest(problem: Problem) -> int:
    return max(t.width for t in problem.types.values())


class _GrowthReport:
    """Tells a stage how large a network is."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self._most = stage, 0

    def __call__(self, luts: int, loss: float) -> None:
        # A network shrinks where widths are trained.
        self._stage.advance(max(0, luts - self._most), f"{luts} LUT, loss {loss:.4f}")
        self._most = max(self._most, luts)


def _telling(stage: Stage) -> Callable[[str], None]:
    return lambda line: stage.advance(0, line)


def as_design(name: str, found: LutNetworkDesign, problem: Problem) -> Design:
    """Return a LUT network as a design, with its formulas line by line.

    Raises:
        VerificationError: tables are said to be those of their formulas and are not.
    """
    formulas, definitions = found.outputs(problem), found.definitions()
    inputs = problem.train.inputs[:ROWS]
    difference = found.predict(inputs) - float_outputs(formulas, inputs, definitions)
    errors = _errors(problem, difference)
    if found.tables is Tables.SYMBOLIC and any(e.largest > 0 for e in errors.values()):
        raise VerificationError(
            "a LUT network does not compute what its formulas say on the training data: please report it; "
            "nothing was written"
        )
    proposal = Proposal(f"{name}-{found.tables.value}", _label(found), formulas, definitions)
    return Design(proposal, found.program, errors, _notes(found))


def _label(found: LutNetworkDesign) -> str:
    network = found.symbolic.network
    terms = sum(len(network.nodes[o].children) for o in network.outputs)
    if found.tables is Tables.SYMBOLIC:
        return f"sums of {terms} functions"
    moved = float(np.mean(list(found.moved.values()))) if found.moved else 0.0
    return f"sums of {terms} tables, {moved:.0%} of what is read moved from the formulas"


def _errors(problem: Problem, difference: NDArray[np.float64]) -> Mapping[str, OutputError]:
    return {
        name: OutputError(float(np.sqrt(np.mean(column**2))), float(np.abs(column).max()))
        for name, column in zip(problem.output_names, difference.T, strict=True)
    }


def _notes(found: LutNetworkDesign) -> tuple[str, ...]:
    if found.tables is Tables.SYMBOLIC:
        return ()
    return tuple(
        f"{share:.1%} of the validation rows read an entry of {name} that moved from its formula"
        for name, share in found.moved.items()
        if share > 0
    )
