"""Designs of many sizes: sums of functions of one input, and cascades of few-bit functions."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from sr2hls.design import Design, float_outputs, make_design
from sr2hls.errors import VerificationError
from sr2hls.find import Proposal, additive_models, additive_of_size, additive_proposal, has_small_inputs
from sr2hls.lut_network import Network, Samples
from sr2hls.lut_network.designs import (
    LutNetworkDesign,
    LutNetworkOptions,
    designs_of,
    grown,
    training_samples,
)
from sr2hls.options import ExploreOptions, Structure, Tables
from sr2hls.prepare import Prepared
from sr2hls.problem import Problem
from sr2hls.program.lower import OutputError
from sr2hls.progress import Progress, Stage
from sr2hls.rundir import RunDirectory
from sr2hls.search.expressions import expr_from_text, text_of
from sr2hls.search.shapes import ShapeModel

_MOST_CASCADE_BITS = 8
"""Wider inputs make even a table of one input of a cascade larger than what it replaces."""


@dataclass(frozen=True)
class Candidate:
    """A design that an exploration considers.

    Attributes:
        name: of its folder.
        label: what it is, for people.
        design: formulas and program.
    """

    name: str
    label: str
    design: Design


def candidates(
    prepared: Prepared, options: ExploreOptions, run: RunDirectory, progress: Progress
) -> Iterator[Candidate]:
    """Make designs, the cheapest of a structure first; what is in the folder already is not made again.

    Args:
        prepared: teacher, data and problem.
        options: sizes, structures, effort and seed.
        run: folder that keeps what is finished.
        progress: told of every stage.
    """
    problem = prepared.problem
    if Structure.SUM in options.structures:
        if has_small_inputs(problem):
            yield from _Sums(problem, options, run, progress).candidates()
        else:
            progress.note("no sums of functions of one input: inputs are wider than 10 bits")
    if Structure.CASCADE in options.structures:
        widest = max(t.width for t in problem.types.values())
        if widest <= _MOST_CASCADE_BITS:
            yield from _Cascades(prepared, options, run, progress).candidates()
        else:
            progress.note(f"no cascades: an input has {widest} bits, more than {_MOST_CASCADE_BITS}")


@dataclass(frozen=True)
class _Sums:
    problem: Problem
    options: ExploreOptions
    run: RunDirectory
    progress: Progress

    @cached_property
    def models(self) -> tuple[ShapeModel, ...]:
        return additive_models(self.problem, self.options, self.progress)

    def candidates(self) -> Iterator[Candidate]:
        seen = set()
        for luts in sorted(set(self.options.luts)):
            kept = self.run.cached(f"sum-{luts}", partial(self._formulas, luts))
            formulas = {str(k): expr_from_text(f) for k, f in kept["formulas"].items()}
            if kept["name"] in seen:
                continue
            seen.add(kept["name"])
            with self.progress.stage(f"sum-{luts}: precision"):
                design = make_design(self.problem, formulas)
            yield Candidate(f"sum-{luts}", str(kept["name"]), design)

    def _formulas(self, luts: int) -> dict[str, Any]:
        proposal: Proposal = additive_proposal(
            self.problem, additive_of_size(self.models, luts), self.options, self.progress
        )
        return {
            "name": proposal.name,
            "formulas": {name: text_of(f) for name, f in proposal.formulas.items()},
        }


@dataclass(frozen=True)
class _Cascades:
    prepared: Prepared
    options: ExploreOptions
    run: RunDirectory
    progress: Progress

    @property
    def problem(self) -> Problem:
        return self.prepared.problem

    @cached_property
    def how(self) -> LutNetworkOptions:
        how = LutNetworkOptions.of_effort(self.options.effort.value)
        target = self.options.target
        if target.budget.max_latency_ns is None:
            return how
        cycles = max(1, int(target.budget.max_latency_ns / target.clock_ns))
        return replace(how, grow=replace(how.grow, most_cycles=cycles))

    @cached_property
    def samples(self) -> Samples:
        prepared = self.prepared
        with self.progress.stage("samples of the network"):
            return training_samples(
                self.problem,
                self.how,
                self.options.seed,
                prepared.dataset.train.X.astype(np.float64),
                lambda raw: (prepared.inputs.values(raw), prepared.teacher.predict(raw)),
            )

    def candidates(self) -> Iterator[Candidate]:
        for luts in sorted(set(self.options.luts)):
            kept = self.run.cached(f"cascade-{luts}", partial(self._grown, luts))
            ended = kept.get("ended", kept["network"] is None)  # folders of older versions do not say
            if kept["network"] is None:
                if ended:
                    self.progress.note("no cascades: no function of one or two inputs gains anything")
                    return
                self.progress.note(f"no cascade of {luts} LUT: the smallest takes {kept['smallest']}")
                continue
            network = Network.from_json(kept["network"])
            designs = self.run.cached(f"cascade-{luts}-designs", partial(self._designs, network))
            for content in designs["designs"]:
                design = LutNetworkDesign.from_json(content, self.problem)
                kind = design.tables.value
                yield Candidate(f"cascade-{luts}-{kind}", _label(design), as_design(design, self.problem))
            if ended:
                self.progress.note(f"cascades end at {network.luts()} LUT: nothing is gained by a larger one")
                return

    def _grown(self, luts: int) -> dict[str, Any]:
        with self.progress.stage(f"cascade of {luts} LUT", total=luts) as stage:
            report = partial(_grew, stage, [0])
            found = grown(self.problem, self.samples, self.how, luts, self.options.seed, report)
        network = None if found.network is None else found.network.to_json()
        return {"network": network, "smallest": found.smallest, "ended": found.ended}

    def _designs(self, network: Network) -> dict[str, Any]:
        tables = list(Tables) if self.options.tables is None else [self.options.tables]
        with self.progress.stage(f"formulas of {network.luts()} LUT") as stage:
            found = designs_of(
                self.problem,
                network,
                self.samples,
                self.how,
                tables,
                self.options.seed,
                report=_telling(stage),
            )
        return {"designs": [d.to_json() for d in found]}


def _grew(stage: Stage, most: list[int], luts: int, loss: float) -> bool:
    """Tell a stage how large a cascade is; it shrinks where widths are trained."""
    stage.advance(max(0, luts - most[0]), f"{luts} LUT, loss {loss:.4f}")
    most[0] = max(most[0], luts)
    return True


def _telling(stage: Stage) -> Callable[[str], None]:
    return lambda line: stage.advance(0, line)


def _label(design: LutNetworkDesign) -> str:
    network = design.symbolic.network
    terms = sum(len(network.nodes[o].children) for o in network.outputs)
    if design.tables is Tables.SYMBOLIC:
        return f"sums of {terms} functions"
    moved = float(np.mean(list(design.moved.values()))) if design.moved else 0.0
    return f"sums of {terms} tables, {moved:.0%} of what is read moved from the formulas"


def as_design(cascade: LutNetworkDesign, problem: Problem) -> Design:
    """Return a cascade as a design, with its formulas line by line.

    Raises:
        VerificationError: tables are said to be those of their formulas and are not.
    """
    formulas, definitions = cascade.outputs(problem), cascade.definitions()
    inputs = problem.train.inputs[:12_000]
    difference = cascade.predict(inputs) - float_outputs(formulas, inputs, definitions)
    errors = _errors(problem, difference)
    if cascade.tables is Tables.SYMBOLIC and any(e.largest > 0 for e in errors.values()):
        raise VerificationError(
            "a cascade does not compute what its formulas say on the training data: please report it; "
            "nothing was written"
        )
    return Design(formulas, cascade.program, errors, _notes(cascade), definitions)


def _errors(problem: Problem, difference: np.ndarray) -> Mapping[str, OutputError]:
    return {
        name: OutputError(float(np.sqrt(np.mean(column**2))), float(np.abs(column).max()))
        for name, column in zip(problem.output_names, difference.T, strict=True)
    }


def _notes(cascade: LutNetworkDesign) -> tuple[str, ...]:
    if cascade.tables is Tables.SYMBOLIC:
        return ()
    return tuple(
        f"{share:.1%} of the validation rows read an entry of {name} that moved from its formula"
        for name, share in cascade.moved.items()
        if share > 0
    )
