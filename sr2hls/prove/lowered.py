"""Programs against the logic that they become, value by value.

Every step of the program that the logic has, too, is proven equal to the logic's value and then cut off:
later steps see it as a variable. So each proof is about a few operations, however long the program is. The
pairs to try are found by simulation. A pair is settled by equal terms, by equal canonical sums (`additive`),
by equal polynomials (`polynomial`), by trying all values of what it reads, or by the solver.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import numpy as np
from alkaid.types import CombLogic

from sr2hls.arrays import IntArray
from sr2hls.program import ops
from sr2hls.program.program import Program
from sr2hls.prove.abc import compare, solver_name
from sr2hls.prove.additive import AdditiveForms
from sr2hls.prove.aig import FALSE, Aig, Word, constant, less
from sr2hls.prove.gates import written
from sr2hls.prove.grid import MAX_LOCAL, blocks, size_of
from sr2hls.prove.logic_terms import Terms
from sr2hls.prove.of_logic import LogicTerms
from sr2hls.prove.of_program import ProgramTerms, Scaled, operation_term
from sr2hls.prove.polynomial import Polynomials
from sr2hls.verify.random_programs import corner_inputs

_SAMPLES = 1 << 11
_FEW, _MANY = 1 << 16, 1 << 24
"""Points of a grid that are tried at once, and at most."""
_CANDIDATES, _SLOW_CANDIDATES = 16, 4
"""Values with the same samples that are compared with a step, at once and by what takes seconds."""
_LOCAL_S = 10.0
"""Seconds that the solver gets for one pair."""
_Attempt = Callable[[int, int], tuple[int, int] | None]
"""Takes two terms; returns an interval that holds both where it settles that they are equal."""


class OtherSide(Protocol):
    """Values that a program's are compared with, each reading only earlier ones."""

    def __len__(self) -> int: ...

    @property
    def outputs(self) -> list[int]:
        """Positions of the outputs, in the order of the program."""

    def value(self, position: int, known: Mapping[int, Scaled]) -> Scaled:
        """Return a value as a term over those that are known and over inputs."""


def prove_logic(program: Program, logic: CombLogic, ends: float) -> list[str]:
    """Return the outputs for which logic is not proven to compute a program.

    Args:
        program: the program.
        logic: what it became.
        ends: when to give up, in seconds of the monotonic clock.
    """
    return LogicProof(program, lambda terms, inputs: LogicTerms(terms, logic, inputs), ends).run()


def prove_passes(before: Program, after: Program, ends: float) -> list[str]:
    """Return the outputs for which a program is not proven to compute what it did before passes.

    Args:
        before: the program before them.
        after: the program after them, with the same inputs and outputs.
        ends: when to give up, in seconds of the monotonic clock.
    """
    return passes_lowering(before, after, ends).run()


def passes_lowering(before: Program, after: Program, ends: float) -> "LogicProof":
    """Return the proof that `prove_passes` runs, to be run."""
    return LogicProof(before, lambda terms, inputs: ProgramTerms(terms, after, inputs), ends)


class LogicProof:
    """A proof under way.

    Args:
        program: the program.
        other: makes what it became, over the terms of the inputs.
        ends: when to give up, in seconds of the monotonic clock.

    Attributes:
        settled: how many values were settled in each way.
    """

    def __init__(
        self, program: Program, other: Callable[[Terms, list[Scaled]], OtherSide], ends: float
    ) -> None:
        self.program = program
        self.ends = ends
        self.settled: dict[str, int] = {}
        self.terms = Terms()
        types = program.input_types
        self.inputs = [
            Scaled(self.terms.variable(("input", k), t.raw_min, t.raw_max), t.frac)
            for k, t in enumerate(types)
        ]
        self.additive = AdditiveForms(self.terms)
        self.polynomials = Polynomials(self.terms)
        self.values = other(self.terms, self.inputs)
        self.known: dict[int, Scaled] = {}
        self.definitions: dict[int, int] = {}
        self.steps: dict[int, int] = {}
        raw = corner_inputs(program, _SAMPLES, seed=1)
        columns = enumerate(self.inputs)
        self.samples = {s.term: raw[:, k] for k, s in columns if self.terms.value(s.term) is None}
        self.candidates: dict[bytes, list[int]] = {}
        for position in range(len(self.values)):
            step = self._value(position)
            if self.terms.value(step.term) is None:
                self.candidates.setdefault(self._signature(step), []).append(position)
            if step.term in self.samples:
                self.known[position] = step

    def run(self) -> list[str]:
        """Return the names of the outputs that are not proven."""
        steps: list[Scaled] = []
        for op in self.program.ops:
            if isinstance(op, ops.Input):
                steps.append(self.inputs[op.index])
                continue
            types = [self.program.ops[a].type for a in op.args]
            steps.append(operation_term(self.terms, op, [steps[a] for a in op.args], types, self._cut))
        left = []
        for name, at, position in zip(
            self.program.output_names, self.program.outputs, self.values.outputs, strict=True
        ):
            if self._equal(steps[at], self._value(position)) is None:
                left.append(name)
        return left

    def how(self) -> str:
        """Return what settled how many values, with the solver's version where it was one."""
        solver = solver_name() if "solver" in self.settled else ""
        named = [(n, solver if k == "solver" else k.replace("_", " ")) for k, n in self.settled.items()]
        return ", ".join(f"{n} by {name}" for n, name in named) or "nothing to settle"

    def _value(self, position: int) -> Scaled:
        found = self.known.get(position)
        return self.values.value(position, self.known) if found is None else found

    def _at(self, a: Scaled, frac: int) -> int:
        """Return a number's term for other fractional bits that it is known to need no more than."""
        return self.terms.shift_right(a.term, a.frac - frac)

    def _cut(self, step: Scaled) -> Scaled:
        """Return a variable for a step that the logic has, the step itself for any other."""
        term = self.terms[step.term]
        if term.low == term.high or step.term in self.samples:
            return step
        signature = self._signature(step)
        candidates = self.candidates.get(signature, [])
        for attempts, tried in ((self._quick, _CANDIDATES), (self._slow, _SLOW_CANDIDATES)):
            proven: dict[int, Scaled] = {}
            low, high = term.low, term.high
            for position in candidates[:tried]:
                value = self._value(position)
                held = self._equal(step, value, attempts)
                if held is None:
                    continue
                if position in self.known:
                    # An input, or the value of an earlier step.
                    return Scaled(self._at(value, step.frac), step.frac)
                proven[position] = value
                low, high = max(low, held[0]), min(high, held[1])
            if proven:
                # Without samples a variable could not be told from others.
                return self._variable(step, proven, low, high) if signature else step
        return step

    def _variable(self, step: Scaled, proven: dict[int, Scaled], low: int, high: int) -> Scaled:
        """Return a variable that stands for a step from here on, and for the values that it is equal to.

        It has the fewest fractional bits that one of them has: low bits that are always 0 are known to be.
        """
        frac = min(step.frac, *(value.frac for value in proven.values()))
        drop = step.frac - frac
        variable = self.terms.variable(("step", step.term), -(-low >> drop), high >> drop)
        cut = Scaled(self.terms.scaled(variable, 1 << drop), step.frac)
        if self.terms.value(variable) is None:
            self.samples[variable] = self._sampled(step.term) >> drop
            self.steps[variable] = self.terms.shift_right(step.term, drop)
            whole = self.terms.substituted(self.steps[variable], self.definitions)
            few = size_of(self.terms, self.terms.variables([whole])) <= MAX_LOCAL
            self.definitions[variable] = whole if few else variable
        for position, value in proven.items():
            self.known[position] = Scaled(self.terms.scaled(variable, 1 << (value.frac - frac)), value.frac)
        return cut

    def _sampled(self, term: int) -> IntArray:
        return np.broadcast_to(self.terms.evaluate([term], self.samples)[0], (_SAMPLES,)).astype(np.int64)

    def _signature(self, a: Scaled) -> bytes:
        """Return what equal numbers have in common on the samples, whatever their fractional bits are.

        Empty where a number needs more bits than samples have.
        """
        try:
            raw = self._sampled(a.term)
        except OverflowError:
            return b""
        union = int(np.bitwise_or.reduce(raw))
        zeros = (union & -union).bit_length() - 1 if union else 0
        return repr(a.frac - zeros).encode() + (raw >> max(0, zeros)).tobytes()

    @property
    def _quick(self) -> tuple[_Attempt, ...]:
        return self._by_terms, self._by_sums, self._by_polynomials, self._by_few_values

    @property
    def _slow(self) -> tuple[_Attempt, ...]:
        return self._by_many_values, self._by_solver

    def _equal(
        self, a: Scaled, b: Scaled, attempts: Iterable[_Attempt] | None = None
    ) -> tuple[int, int] | None:
        """Return raw values of ``a`` that hold both numbers where they are proven equal, else None."""
        frac = max(a.frac, b.frac)
        x, y = (self.terms.scaled(s.term, 1 << (frac - s.frac)) for s in (a, b))
        for attempt in attempts or (*self._quick, *self._slow):
            if time.monotonic() > self.ends:
                break
            held = attempt(x, y)
            if held is not None:
                name = attempt.__name__.removeprefix("_by_")
                self.settled[name] = self.settled.get(name, 0) + 1
                shift = frac - a.frac
                return -(-held[0] >> shift), held[1] >> shift
        return None

    def _expanded(self, a: int, b: int) -> Iterable[tuple[int, int]]:
        """Yield two terms as they are, with the functions of few bits that they read written out, and with
        all.

        What a step may be is wider than what it can be together with others: where two terms are only equal
        for the latter, one more step of what they read is needed.
        """
        seen = set()
        for written_out in ({}, self.definitions, self.steps):
            pair = self.terms.substituted(a, written_out), self.terms.substituted(b, written_out)
            if pair not in seen:
                seen.add(pair)
                yield pair

    def _interval(self, *terms: int) -> tuple[int, int]:
        return max(self.terms[t].low for t in terms), min(self.terms[t].high for t in terms)

    def _by_terms(self, a: int, b: int) -> tuple[int, int] | None:
        for x, y in self._expanded(a, b):
            if x == y:
                return self._interval(a, b, x)
        return None

    def _by_sums(self, a: int, b: int) -> tuple[int, int] | None:
        for x, y in self._expanded(a, b):
            try:
                form = self.additive.form(x)
                if form.key() == self.additive.form(y).key():
                    low, high = self._interval(a, b, x, y)
                    return max(low, form.low), min(high, form.high)
            except OverflowError:
                continue
        return None

    def _by_polynomials(self, a: int, b: int) -> tuple[int, int] | None:
        for x, y in self._expanded(a, b):
            p, q = self.polynomials.polynomial(x), self.polynomials.polynomial(y)
            if p.parts == q.parts:
                low, high = self._interval(a, b, x, y)
                return max(low, p.low, q.low), min(high, p.high, q.high)
        return None

    def _by_few_values(self, a: int, b: int) -> tuple[int, int] | None:
        return self._by_values(a, b, _FEW)

    def _by_many_values(self, a: int, b: int) -> tuple[int, int] | None:
        return self._by_values(a, b, _MANY)

    def _by_values(self, a: int, b: int, most: int) -> tuple[int, int] | None:
        for x, y in self._expanded(a, b):
            variables = self.terms.variables([x, y])
            if size_of(self.terms, variables) <= most:
                held = self._tried(x, y, variables)
                if held is not None:
                    return held
        return None

    def _tried(self, a: int, b: int, variables: list[int]) -> tuple[int, int] | None:
        low, high = None, None
        for points in blocks(self.terms, variables):
            if time.monotonic() > self.ends:
                return None
            try:
                x, y = self.terms.evaluate([a, b], points)
            except OverflowError:
                return None
            if (x != y).any():
                return None
            low = int(x.min()) if low is None else min(low, int(x.min()))
            high = int(x.max()) if high is None else max(high, int(x.max()))
        assert low is not None and high is not None
        return low, high

    def _by_solver(self, a: int, b: int) -> tuple[int, int] | None:
        for x, y in self._expanded(a, b):
            limit = min(_LOCAL_S, self.ends - time.monotonic())
            if limit > 0 and self._solved(x, y, limit):
                return self._interval(a, b, x, y)
        return None

    def _solved(self, a: int, b: int, limit_s: float) -> bool:
        aig = Aig()
        words: dict[int, Word] = {}
        inside = 1
        for v in self.terms.variables([a, b]):
            term = self.terms[v]
            width = term.width
            bits = [aig.variable((v, k)) for k in range(width if term.low < 0 else width - 1)]
            words[v] = bits if term.low < 0 else [*bits, FALSE]
            for low, high in ((words[v], constant(term.low, width)), (constant(term.high, width), words[v])):
                inside = aig.both(inside, less(aig, low, high) ^ 1)
        x, y = written(aig, self.terms, [a, b], words)
        width = max(len(x), len(y))
        left, right = ([aig.both(inside, k) for k in (w + [w[-1]] * (width - len(w)))] for w in (x, y))
        return compare(aig, left, right, limit_s).equal is True
