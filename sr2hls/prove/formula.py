"""Formulas whose values are rounded to types, as the program that they define.

Every value that a type rounds is a table here, whose entries are recomputed from the printed formula in ball
arithmetic: which way an entry rounds is decided, not guessed. Sums are exact. This program and that of the
circuit are then proven equal for all inputs.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from sr2hls.errors import LoweringError, ProgramError, VerificationError
from sr2hls.program.builder import Builder
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.ops import MAX_TABLE_BITS
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType, narrowest
from sr2hls.prove.balls import Ball, BallOf, ball, compiled, dyadic, rounded, settled, solver_name
from sr2hls.prove.lowered import prove_passes
from sr2hls.prove.proof import Counterexample, Outcome, Proof
from sr2hls.verify.agree import Agreement
from sr2hls.verify.random_programs import corner_inputs

if TYPE_CHECKING:
    from sr2hls.design import Design

FORMULAS = "program = formulas"
_VECTORS = 1 << 13
_EXACT = FixedType(True, 64, 24)
"""Holds the entries of a table that are exact without a type."""


@dataclass
class _Written:
    """Values so far.

    Attributes:
        entries: of all tables, recomputed.
        precision: most bits that one of them took.
    """

    builder: Builder
    values: dict[str, int]
    ends: float
    entries: int = 0
    precision: int = 0


def formula_program(design: "Design", ends: float) -> tuple[Program, int, int]:
    """Return the program that formulas and types define, its table entries, and the bits that these took.

    Args:
        design: formulas, definitions and their types.
        ends: when to give up, in seconds of the monotonic clock.

    Raises:
        VerificationError: a value is neither rounded to a type nor exact, reads more bits than a table has,
            has no value for an input, or time is over.
    """
    types = dict(zip(design.program.input_names, design.program.input_types, strict=True))
    builder = Builder(types)
    written = _Written(builder, {name: builder[name] for name in types}, ends)
    try:
        moved: dict[sp.Symbol, sp.Expr] = {}
        for name, given in design.proposal.definitions:
            expr, type_ = given.xreplace(moved), design.value_types.get(name)
            if type_ is None and _is_moved(expr):
                # A value moved by a number is read in its place: the number may take all bits of a double.
                moved[sp.Symbol(name)] = expr
            else:
                written.values[name] = _value(written, name, expr, type_)
        outputs = {
            n: _value(written, n, f.xreplace(moved), design.value_types.get(n))
            for n, f in design.proposal.formulas.items()
        }
        return builder.program(outputs), written.entries, written.precision
    except (ProgramError, LoweringError) as error:
        raise VerificationError(f"the formulas are no program: {error}") from error


def prove_formulas(design: "Design", limit_s: float) -> Proof:
    """Return how the claim stands that a design's program computes its formulas, rounded as their types say.

    Args:
        design: formulas, types and program.
        limit_s: seconds of wall time.
    """
    started = time.monotonic()
    ends = started + limit_s

    def proof(
        outcome: Outcome, solver: str = "", note: str = "", found: Counterexample | None = None
    ) -> Proof:
        return Proof(FORMULAS, outcome, solver, time.monotonic() - started, note, found, vectors)

    vectors = 0
    try:
        wanted, entries, precision = formula_program(design, ends)
    except VerificationError as error:
        return proof(Outcome.OPEN, note=str(error))
    raw = corner_inputs(design.program, _VECTORS, seed=5)
    differ = (_numbers(wanted, raw) != _numbers(design.program, raw)).any(axis=1)
    if differ.any():
        return proof(Outcome.REFUTED, solver_name(), found=Counterexample(raw[differ][:1]))
    vectors = _VECTORS
    unproven = prove_passes(wanted, design.program, ends)
    if unproven:
        return proof(Outcome.OPEN, note=f"{', '.join(unproven)}: the time is over, or no step settles it")
    return proof(Outcome.PROVEN, f"{solver_name()}, {entries} table entries with up to {precision} bits")


def formula_row(design: "Design", limit_s: float) -> tuple[Agreement | None, Proof | None]:
    """Return the row of the formulas beside the executors, and its proof; None where nothing is claimed.

    It is claimed where a design computes its formulas without an error on training data. What it computes
    otherwise differs from them by the error that it states.

    Raises:
        VerificationError: the program does not compute the formulas; the input is named.
    """
    if limit_s <= 0 or any(error.largest > 0 for error in design.errors.values()):
        return None, None
    proof = prove_formulas(design, limit_s)
    if proof.counterexample is not None:
        types = zip(design.program.input_names, design.program.input_types, strict=True)
        values = zip(types, proof.counterexample.rows[0].tolist(), strict=True)
        said = ", ".join(f"{name} = {t.value(raw):.12g}" for (name, t), raw in values)
        raise VerificationError(f"the program does not compute its formulas for the input {said}")
    how = f"{proof.solver}, {proof.seconds:.1f} s" if proof.proven else ""
    name = "formulas (rounded as their types say)"
    row = Agreement(name, proof.vectors, proof.vectors * design.program.n_outputs, how, "corners and random")
    return (row if proof.vectors else None), proof


def _numbers(program: Program, raw: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(Interpreter(program).run(raw) * np.array([t.step for t in program.output_types]))


def _value(written: _Written, name: str, expr: sp.Expr, type_: FixedType | None) -> int:
    """Write the value of a formula, rounded to a type where there is one."""
    terms = _linear(expr)
    if terms is None:
        return _table(written, name, expr, type_)
    builder = written.builder
    added = []
    for symbol, (raw, frac) in terms.items():
        if symbol == "":
            added.append(builder.constant(raw, frac))
        else:
            added.append(_times(builder, written.values[symbol], raw, frac))
    total = builder.sum(added)
    return total if type_ is None else builder.cast(total, type_)


def _is_moved(expr: sp.Expr) -> bool:
    """Return whether an expression is a symbol plus a number."""
    parts = sp.Add.make_args(expr)
    return sum(p.is_Symbol for p in parts) == 1 and all(p.is_Symbol or p.is_number for p in parts)


def _times(builder: Builder, value: int, raw: int, frac: int) -> int:
    if raw == 1:
        return value if frac == 0 else builder.shift(value, -frac)
    if raw == -1 and frac == 0:
        return builder.neg(value)
    return builder.mul(value, builder.constant(raw, frac))


def _linear(expr: sp.Expr) -> dict[str, tuple[int, int]] | None:
    """Return the factor of each symbol, and the constant under an empty name, in binary; else None."""
    found: dict[str, sp.Expr] = {}
    for term in sp.Add.make_args(expr):
        factor, rest = term.as_coeff_Mul()
        if rest != 1 and not isinstance(rest, sp.Symbol):
            return None
        name = "" if rest == 1 else str(rest)
        if name in found:
            return None
        found[name] = factor
    numbers = {name: dyadic(factor) for name, factor in found.items()}
    return None if None in numbers.values() else {k: v for k, v in numbers.items() if v is not None}


def _table(written: _Written, name: str, expr: sp.Expr, type_: FixedType | None) -> int:
    builder = written.builder
    symbols = sorted(str(s) for s in expr.free_symbols)
    args = [written.values[s] for s in symbols]
    types, ranges = [builder.type(a) for a in args], [builder.range(a) for a in args]
    bits = sum(t.width for t in types)
    if bits > MAX_TABLE_BITS:
        raise VerificationError(f"'{name}' reads {bits} bits, more than the {MAX_TABLE_BITS} of a table")
    evaluate, kept = compiled(expr), type_ or _EXACT
    entries: list[int | None] = []
    raws: tuple[int, ...]
    for raws in product(*(_patterns(t) for t in types)):
        if time.monotonic() > written.ends:
            raise VerificationError("the time is over")
        if not all(r.low <= raw <= r.high for r, raw in zip(ranges, raws, strict=True)):
            entries.append(None)
            continue
        at = {s: ball(raw, t.frac) for s, raw, t in zip(symbols, raws, types, strict=True)}
        raw, precision = settled(partial(_entry, evaluate, at, kept, exact=type_ is None))
        if raw is None:
            how = "is rounded to no type and not exact" if type_ is None else "has no value, or is undecided"
            said = ", ".join(f"{s} = {t.value(r):g}" for s, t, r in zip(symbols, types, raws, strict=True))
            raise VerificationError(f"'{name}' {how} for {said}")
        written.entries += 1
        written.precision = max(written.precision, precision)
        entries.append(raw)
    known = np.array([raw for raw in entries if raw is not None])
    drop = 0
    if type_ is None:
        union = int(np.bitwise_or.reduce(known)) or 1 << kept.frac
        drop = min(kept.frac, (union & -union).bit_length() - 1)
        kept = narrowest(int(known.min()) >> drop, int(known.max()) >> drop, kept.frac - drop)
    # What no input leads to may be anything.
    every = [int(known[0] if raw is None else raw) >> drop for raw in entries]
    if not args:
        return builder.constant(every[0], kept.frac)
    return builder.table(args, every, FixedType(kept.signed, kept.width, kept.integer), name)


def _entry(evaluate: BallOf, at: Mapping[str, Ball], type_: FixedType, *, exact: bool) -> int | None:
    """Return an entry's raw value in a type, None where it is not decided, or not exact and should be."""
    value = evaluate(at)
    raw = rounded(value, type_)
    if raw is None or not exact:
        return raw
    certain: bool = value == ball(raw, type_.frac)
    return raw if certain else None


def _patterns(type_: FixedType) -> list[int]:
    """Return the raw values of a type in the order of their bits as an unsigned number."""
    every = list(range(type_.raw_min, type_.raw_max + 1))
    return every[-type_.raw_min :] + every[: -type_.raw_min] if type_.signed else every
