"""Readable formulas: one joint search of all outputs, then a design of each size trained through its bits."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Literal

import numpy as np

from sr2hls.design import Design, Proposal
from sr2hls.lut_network import Samples
from sr2hls.options import CompileOptions, Cost, EngineName, StrategyName, Tables
from sr2hls.problem import Problem
from sr2hls.progress import Stage
from sr2hls.quantised import QuantisedOptions, train_quantised
from sr2hls.quantised.designs import INTERRUPTED, MOST_INPUT_BITS, learnt_samples
from sr2hls.quantised.free_tables import MoveOptions
from sr2hls.quantised.own_formulas import own_formulas
from sr2hls.search.base import SearchProgress
from sr2hls.search.expressions import expr_from_text, text_of
from sr2hls.search.joint import (
    JointModel,
    Proposer,
    Term,
    eql_proposer,
    operon_proposer,
    pysr_proposer,
)
from sr2hls.search.joint.decimal_formula import count_own_nodes
from sr2hls.search.joint.printing import count_nodes, shortest_form
from sr2hls.search.joint.problem import search_problem
from sr2hls.search.pysr.settings_file import load_pysr_settings
from sr2hls.store.record import Record
from sr2hls.strategies.base import Context, Plan
from sr2hls.strategies.budgets import formula_cost, search_cost
from sr2hls.strategies.few_rows import with_rows_between
from sr2hls.strategies.joint_settings import users_operators, users_start, users_template
from sr2hls.strategies.readable_work import EFFORTS, SHORT, ReadableWork

NAME = StrategyName.READABLE.value
_SEARCH = f"{NAME}: search"
NODES_A_LUT = 1.6
"""Nodes of a model that is trained to so many LUTs: on the jets neither nodes nor LUTs are left over then."""
_CYCLES = (Cost.CYCLES, Cost.PATH, Cost.COMBINED)
AIM = 0.97
"""Share of the LUTs that a training aims at: predictions are a few percent off."""
_NODES_A_CYCLE = 0.5
"""Nodes that a clock cycle is worth where cycles are what a formula costs."""
_PROPOSERS: Mapping[EngineName, Callable[[CompileOptions], Proposer]] = {
    EngineName.OPERON: lambda options: operon_proposer(search_cost(options) or formula_cost(options)),
    EngineName.PYSR: lambda options: _pysr(options),
    EngineName.EQL: lambda options: eql_proposer(search_cost(options) or formula_cost(options)),
}


class KeptModel(Record):
    """A joint model: outputs are ``bias + coefficients @ terms``; constants keep every bit."""

    terms: list[str]
    coefficients: list[list[float]]
    bias: list[float]
    nodes: int
    score: float
    """On the validation rows."""

    def model(self) -> JointModel:
        """Return the model."""
        terms = tuple(Term(expr_from_text(text)) for text in self.terms)
        coefficients = np.array(self.coefficients, dtype=np.float64).reshape(len(self.bias), len(terms))
        return JointModel(terms, coefficients, np.array(self.bias, dtype=np.float64))


class FoundModels(Record):
    """What ``stages/readable.json`` holds: the front of the joint search, the shortest model first."""

    format: Literal["sr2hls-stage-readable-1"] = "sr2hls-stage-readable-1"
    models: list[KeptModel]
    notes: list[str]


@dataclass(frozen=True)
class Readable:
    """Short formulas of about each size, which the circuit computes to the bit.

    Where the user lets tables move, entries move from these formulas at the end of the training.
    The seconds of ``--time`` bound the search, and the training of each size.
    """

    context: Context

    def plan(self, problem: Problem, sizes: Sequence[int]) -> Plan:
        """See `Strategy.plan`."""
        if _widest(problem) > MOST_INPUT_BITS:
            return Plan()
        options = self.context.options
        work, most = EFFORTS[options.effort], options.time_s or math.inf
        stages = {_SEARCH: min(work.seconds, most)}
        stages |= {f"{self._name(s)}: bits": min(work.seconds_a_lut * s, most) for s in sizes}
        return Plan(stages, tuple(map(self._name, sizes)))

    def propose(self, problem: Problem, sizes: Sequence[int]) -> Iterator[Proposal | Design]:
        """See `Strategy.propose`; inputs of more than eight bits have no such designs."""
        stages, note = self.context.stages, self.context.progress.note
        if (widest := _widest(problem)) > MOST_INPUT_BITS:
            note(f"no readable designs: an input has {widest} bits, more than {MOST_INPUT_BITS}")
            return
        found = stages.stage(NAME, FoundModels, partial(self._search, problem, sizes))
        for line in found.notes:
            note(line)
        for size in sizes:
            name = self._name(size)
            design = stages.kept_design(name, problem)
            yield design or self._trained(problem, name, size, found.models)

    @property
    def _free(self) -> bool:
        return self.context.options.tables is Tables.FREE

    def _name(self, size: int) -> str:
        return f"{NAME}-{size}-{Tables.FREE.value}" if self._free else f"{NAME}-{size}"

    @cached_property
    def _learnt(self) -> Problem:
        return with_rows_between(self.context.prepared, self.context.options.seed)

    @property
    def _most_cycles(self) -> int | None:
        target = self.context.options.target
        most = target.budget.max_latency_ns
        return None if most is None else max(1, int(most / target.clock_ns))

    def _most_nodes(self, size: int) -> int:
        return self.context.options.max_nodes or 4 + round(NODES_A_LUT * size)

    def _search(self, problem: Problem, sizes: Sequence[int]) -> FoundModels:
        options = self.context.options
        how = replace(
            EFFORTS[options.effort].search,
            max_nodes=max(map(self._most_nodes, sizes)),
            time_limit=options.time_s,
            jobs=options.jobs or 2,
            hardware=search_cost(options) if options.cost in _CYCLES else None,
            hardware_price=_NODES_A_CYCLE,
            proposers=self._proposers(),
            template=users_template(self.context.prepared, options),
            start=users_start(self.context.prepared, options),
            operators=users_operators(options),
        )
        with self.context.progress.stage(_SEARCH, total=1.0) as stage:
            front = search_problem(self._learnt, how, seed=options.seed, progress=_Searching(stage))
        models = [
            KeptModel(
                terms=[text_of(t.expr) for t in scored.model.terms],
                coefficients=scored.model.coefficients.tolist(),
                bias=scored.model.bias.tolist(),
                nodes=_own_nodes(scored.model, problem),
                score=scored.score,
            )
            for scored in front.models
        ]
        return FoundModels(models=models, notes=list(front.notes))

    def _proposers(self) -> tuple[Proposer, ...]:
        """Return the engine that was asked for by name; the dictionary of shapes needs none."""
        options = self.context.options
        made = _PROPOSERS.get(options.engine)
        return () if made is None else (made(options),)

    @cached_property
    def _samples(self) -> Samples:
        """The training rows with answers and labels mixed, and the teacher's answers between them."""
        learnt, how = self._learnt, EFFORTS[self.context.options.effort]
        samples = learnt_samples(learnt, learnt.train, how.bits.teacher_share)
        if samples.weights is not None:
            # Few rows have others between them already; a row between weighted rows has no weight of its own.
            return samples
        between = self.context.prepared.between(how.copies, self.context.options.seed)
        return samples.joined(learnt_samples(learnt, between, how.bits.teacher_share))

    def _trained(self, problem: Problem, name: str, size: int, models: Sequence[KeptModel]) -> Design:
        options, most_nodes = self.context.options, self._most_nodes(size)
        work = EFFORTS[options.effort]
        fitting = [m for m in models if m.nodes <= most_nodes] or [min(models, key=lambda m: m.nodes)]
        starts = sorted(fitting, key=lambda m: (-m.score, m.nodes))[: work.starts]
        with self.context.progress.stage(f"{name}: bits") as stage:
            go_on = _training(stage, options.time_s)

            def train(start: KeptModel, seed: int, how: QuantisedOptions, last: bool) -> Design:
                return train_quantised(
                    start.model(),
                    self._learnt,
                    max_lut=max(1, int(AIM * size)),
                    max_nodes=most_nodes,
                    max_cycles=self._most_cycles,
                    seed=seed,
                    samples=self._samples,
                    options=how,
                    moves=MoveOptions() if self._free and last else None,
                    go_on=go_on,
                )

            design = self._best_of(train, starts, work)
        return replace(design, proposal=replace(design.proposal, name=name, label=_label(design, problem)))

    def _best_of(
        self,
        train: Callable[[KeptModel, int, QuantisedOptions, bool], Design],
        starts: Sequence[KeptModel],
        work: ReadableWork,
    ) -> Design:
        """Return the best on validation data of short trainings of all starts and a long one of the best."""
        split = self._learnt.validation
        found: list[tuple[float, KeptModel, Design]] = []

        def add(start: KeptModel, seed: int, how: QuantisedOptions, last: bool) -> bool:
            design = train(start, seed, how, last)
            found.append((self._learnt.score(design.predict(split.inputs), split), start, design))
            return INTERRUPTED not in design.notes

        seed, going = self.context.options.seed, True
        if work.bits is not SHORT:
            trials = ((start, seed + k) for start in starts for k in range(work.tries))
            going = all(add(start, other, SHORT, False) for start, other in trials)
        if going:
            first = max(found, key=_score, default=(0.0, starts[0], None))[1]
            add(first, seed, work.bits, True)
            if self._free:
                return found[-1][2]  # the only one whose tables moved
        return max(found, key=_score)[2]


def _score(found: tuple[float, KeptModel, Design | None]) -> float:
    return found[0]


def _pysr(options: CompileOptions) -> Proposer:
    """Return PySR, which counts published clock cycles unless the user asks for another cost."""
    settings = None if options.pysr is None else load_pysr_settings(options.pysr, options.effort)
    return replace(pysr_proposer(settings, search_cost(options)), time_limit=options.time_s)


def _own_nodes(model: JointModel, problem: Problem) -> int:
    """Return the nodes of a model's formulas as they are printed."""
    formulas = model.formulas(problem.output_names)
    return sum(count_own_nodes(f, problem.units) for f in formulas.values())


def _widest(problem: Problem) -> int:
    return max(t.width for t in problem.types.values())


def _label(design: Design, problem: Problem) -> str:
    own = own_formulas(problem, design, problem.feature_names)
    formulas = own or {n: shortest_form(f) for n, f in design.proposal.inlined().items()}
    terms = sum(1 for f in formulas.values() for addend in f.as_ordered_terms() if addend.free_symbols)
    return f"{terms} terms, {sum(map(count_nodes, formulas.values()))} nodes"


class _Searching:
    """Tells a stage how far the joint search is."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self._done = stage, 0.0

    def __call__(self, now: SearchProgress) -> None:
        self._stage.advance(max(0.0, now.fraction - self._done), f"{now.message}, loss {now.loss:.4f}")
        self._done = max(self._done, now.fraction)


def _training(stage: Stage, time_s: float | None) -> Callable[[int, float], bool]:
    """Return what tells a stage about the training, and ends it when its time is over."""
    end = None if time_s is None else time.monotonic() + time_s

    def go_on(luts: int, loss: float) -> bool:
        stage.advance(0, f"{luts} LUT, loss {loss:.4f}")
        return end is None or time.monotonic() < end

    return go_on
