"""Polynomials say what their terms do, for every value of the variables."""

import time
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sr2hls.arrays import IntArray
from sr2hls.program import ops
from sr2hls.program.builder import Builder
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.prove.grid import grid_of
from sr2hls.prove.logic_terms import TermKind, Terms
from sr2hls.prove.lowered import LogicProof
from sr2hls.prove.of_logic import LogicTerms
from sr2hls.prove.polynomial import Monomial, Polynomials
from sr2hls.rtl.project import logic_for
from sr2hls.target import Target

Values = dict[int, IntArray]


def _random_terms(seed: int) -> tuple[Terms, list[int], list[int]]:
    rng = np.random.default_rng(seed)
    terms = Terms()
    variables = [terms.variable(k, *ends) for k, ends in enumerate(((0, 7), (-4, 3), (0, 1)))]
    made = list(variables)

    def pick() -> int:
        return int(made[rng.integers(len(made))])

    for _ in range(14):
        kind = list(TermKind)[rng.integers(1, len(TermKind))]
        match kind:
            case TermKind.SUM:
                factors = rng.integers(-4, 5, size=2).tolist()
                term = terms.total([(f, pick()) for f in factors], int(rng.integers(-5, 6)))
            case TermKind.SHIFT:
                term = terms.shift_right(pick(), int(rng.integers(0, 4)))
            case TermKind.WRAP:
                term = terms.wrap(pick(), bool(rng.integers(2)), int(rng.integers(1, 5)))
            case TermKind.PRODUCT:
                term = terms.product(pick(), pick())
            case TermKind.MAGNITUDE:
                term = terms.magnitude(pick())
            case TermKind.LESS:
                term = terms.less(pick(), pick())
            case TermKind.CHOICE:
                term = terms.choice(pick(), pick(), pick())
            case TermKind.TABLE:
                term = terms.table(pick(), rng.integers(-9, 9, size=8).tolist())
            case _:
                term = terms.bitwise(kind, pick(), pick())
        if terms[term].width < 20:
            made.append(term)
    return terms, variables, made


class _Evaluated:
    """Polynomials evaluated on points by what their atoms mean."""

    def __init__(self, pool: Polynomials, terms: Terms, points: Values) -> None:
        self._terms, self._points = terms, points
        self._keys = {number: key for key, number in pool._atoms.items()}

    def parts(self, parts: dict[Monomial, int]) -> IntArray:
        total = np.zeros(len(next(iter(self._points.values()))), dtype=np.int64)
        for monomial, factor in parts.items():
            total += factor * np.prod([self.atom(k) for k in monomial], axis=0).astype(np.int64)
        return total

    def atom(self, number: int) -> IntArray:
        key = self._keys[number]
        match key[0]:
            case "term":
                return np.asarray(self._terms.evaluate([int(key[1])], self._points)[0])
            case "below":
                return (self.parts({(): int(key[1]), **dict(key[2])}) < 0).astype(np.int64)
            case "not 0":
                return (self.parts(dict(key[1])) != 0).astype(np.int64)
            case TermKind.SHIFT:
                return self.parts(dict(key[2])) >> int(key[1])
            case TermKind.VARIABLE:
                variable = self._terms.variable(key[1][0], 0, 1)
                return self._points[variable]
        data, keys = key[1]
        args = [self.parts(dict(part)) for part in keys]
        if key[0] is TermKind.TABLE:
            return np.asarray(data[0], dtype=np.int64)[args[0]]
        gate = {TermKind.AND: np.bitwise_and, TermKind.OR: np.bitwise_or, TermKind.XOR: np.bitwise_xor}[
            key[0]
        ]
        return np.asarray(gate(*args))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_polynomials_have_the_values_of_their_terms(seed: int) -> None:
    terms, variables, made = _random_terms(seed)
    points = grid_of(terms, variables)
    pool = Polynomials(terms)
    found = [pool.polynomial(a) for a in made]
    meaning = _Evaluated(pool, terms, points)
    for a, polynomial in zip(made, found, strict=True):
        expected = np.broadcast_to(terms.evaluate([a], points)[0], len(points[variables[0]]))
        np.testing.assert_array_equal(meaning.parts(polynomial.parts), expected)
        assert polynomial.low <= expected.min() and expected.max() <= polynomial.high


def test_bits_of_a_number_add_up_to_it() -> None:
    for low, high in ((0, 2**40 - 1), (-(2**39), 2**39 - 1)):
        terms, bits = Terms(), 40
        b, a = terms.variable("b", low, high), terms.variable("a", -(2**50), 2**50)
        rows = [
            (
                -1 if k == bits - 1 and low < 0 else 1,
                terms.scaled(
                    terms.choice(terms.wrap(terms.shift_right(b, k), False, 1), a, terms.constant(0)), 1 << k
                ),
            )
            for k in reversed(range(bits))
        ]
        pool = Polynomials(terms)
        assert pool.polynomial(terms.total(rows)).parts == pool.polynomial(terms.product(a, b)).parts
        assert pool.polynomial(terms.total(rows[1:])).parts != pool.polynomial(terms.product(a, b)).parts


def _of(
    op: type[ops.Operation], widths: tuple[int, int], signed: tuple[bool, bool], out: FixedType
) -> Program:
    types = {n: FixedType(s, w, w // 2) for n, w, s in zip("ab", widths, signed, strict=True)}
    builder = Builder(types)
    return builder.program({"y": builder.push(op(args=(0, 1), type=out))})


@pytest.mark.parametrize("op", [ops.Mul, ops.Div])
@pytest.mark.parametrize("signed", list(product((False, True), repeat=2)))
def test_wide_products_and_quotients_are_proven_without_a_solver(
    op: type[ops.Operation], signed: tuple[bool, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """14 × 12 bits have 2^26 inputs, more than are tried."""
    out = FixedType(True, 26, 13, Rounding.TRN, Overflow.WRAP)
    program = _of(op, (14, 12), signed, out)
    logic = logic_for(program, Target())
    for name in ("_by_many_values", "_by_solver"):
        monkeypatch.setattr(LogicProof, name, lambda self, a, b: None)
    other = lambda terms, inputs: LogicTerms(terms, logic, inputs)  # noqa: E731
    assert LogicProof(program, other, time.monotonic() + 60).run() == []


def test_a_quotient_that_is_rounded_otherwise_is_not_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LogicProof, "_by_solver", lambda self, a, b: None)
    right, wrong = (
        _of(ops.Div, (8, 6), (True, True), FixedType(True, 8, 4, rounding, Overflow.WRAP))
        for rounding in (Rounding.TRN, Rounding.RND)
    )
    logic = logic_for(right, Target())
    for program, left in ((right, []), (wrong, ["y"])):
        other = lambda terms, inputs: LogicTerms(terms, logic, inputs)  # noqa: E731
        assert LogicProof(program, other, time.monotonic() + 60).run() == left
