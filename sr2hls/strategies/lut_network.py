"""LUT networks: sums of small lookup tables, grown to copy the teacher, each table with a formula."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sr2hls.design import ROWS, Design, Proposal, float_outputs
from sr2hls.errors import VerificationError
from sr2hls.lut_network import LutNetwork, Samples
from sr2hls.lut_network.designs import (
    LutNetworkDesign,
    LutNetworkOptions,
    designs_of,
    grown,
    training_samples,
)
from sr2hls.options import Effort, StrategyName, Tables
from sr2hls.problem import Problem
from sr2hls.program.lower_formulas import OutputError
from sr2hls.progress import Stage
from sr2hls.store.record import Record
from sr2hls.strategies.base import Context, Plan

NAME = StrategyName.LUT_NETWORK.value
_SAMPLES = f"{NAME}: samples of the network"
_MOST_BITS = 8
"""Wider inputs make even a table of one input larger than what it replaces."""
_SECONDS = {Effort.LOW: 0.3, Effort.MEDIUM: 1.5, Effort.HIGH: 10.0}
"""About how long a LUT of a network takes to grow."""


class GrownNetwork(Record):
    """What ``stages/lut-network-*.json`` hold; see `sr2hls.lut_network.grow_and_prune.Grown`."""

    format: Literal["sr2hls-stage-lut-network-1"] = "sr2hls-stage-lut-network-1"
    network: dict[str, Any] | None
    smallest: int
    ended: bool


class NetworkDesigns(Record):
    """What ``stages/lut-network-*-designs.json`` hold."""

    format: Literal["sr2hls-stage-lut-network-designs-1"] = "sr2hls-stage-lut-network-designs-1"
    designs: list[dict[str, Any]]


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
        stages, note = self.context.stages, self.context.progress.note
        if (widest := _widest(problem)) > _MOST_BITS:
            note(f"no LUT networks: an input has {widest} bits, more than {_MOST_BITS}")
            return
        for size in sizes:
            name = f"{NAME}-{size}"
            kept = stages.stage(name, GrownNetwork, partial(self._grown, problem, name, size))
            if kept.network is None:
                if kept.ended:
                    note("no LUT networks: no function of one or two inputs gains anything")
                    return
                note(f"no LUT network of {size} LUT: the smallest takes {kept.smallest}")
                continue
            network = LutNetwork.from_json(kept.network)
            found = stages.stage(
                f"{name}-designs", NetworkDesigns, partial(self._designs, problem, name, network)
            )
            for content in found.designs:
                yield as_design(name, LutNetworkDesign.from_json(content, problem), problem)
            if kept.ended:
                note(f"LUT networks end at {network.luts()} LUT: nothing is gained by a larger one")
                return

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

    def _grown(self, problem: Problem, name: str, size: int) -> GrownNetwork:
        samples, seed = self._samples, self.context.options.seed
        with self.context.progress.stage(f"{name}: growth", total=size) as stage:
            go_on = _GrowthReport(stage, self.context.options.time_s)
            found = grown(problem, samples, self._how, size, seed, go_on)
        network = None if found.network is None else found.network.to_json()
        return GrownNetwork(network=network, smallest=found.smallest, ended=found.ended)

    def _designs(self, problem: Problem, name: str, network: LutNetwork) -> NetworkDesigns:
        samples, options = self._samples, self.context.options
        deadline = None if options.time_s is None else time.monotonic() + options.time_s
        with self.context.progress.stage(f"{name}: formulas") as stage:
            found = designs_of(
                problem, network, samples, self._how, self._tables, options.seed, deadline, _telling(stage)
            )
        return NetworkDesigns(designs=[d.to_json() for d in found])


def _widest(problem: Problem) -> int:
    return max(t.width for t in problem.types.values())


class _GrowthReport:
    """Tells a stage how large a network is, and ends growth when its time is over."""

    def __init__(self, stage: Stage, time_s: float | None) -> None:
        self._stage, self._most = stage, 0
        self._end = None if time_s is None else time.monotonic() + time_s

    def __call__(self, luts: int, loss: float) -> bool:
        # A network shrinks where widths are trained.
        self._stage.advance(max(0, luts - self._most), f"{luts} LUT, loss {loss:.4f}")
        self._most = max(self._most, luts)
        return self._end is None or time.monotonic() < self._end


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
