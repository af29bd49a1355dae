"""Terms as and-inverter graphs: every term a word as wide as its interval needs."""

from collections.abc import Mapping, Sequence

from sr2hls.prove.aig import (
    FALSE,
    Aig,
    Word,
    added,
    chosen,
    constant,
    extended,
    less,
    looked_up,
    multiplied,
    negated,
    subtracted,
)
from sr2hls.prove.logic_terms import LogicTerm, TermKind, Terms


def written(aig: Aig, terms: Terms, roots: Sequence[int], variables: Mapping[int, Word]) -> list[Word]:
    """Return terms as two's-complement words for the words of the variables."""
    words: dict[int, Word] = {}
    for a in terms.cone(roots):
        term = terms[a]
        word = variables[a] if a in variables else _apply(aig, term, [words[b] for b in term.args])
        words[a] = extended(word, term.width)
    return [words[a] for a in roots]


def _apply(aig: Aig, term: LogicTerm, args: list[Word]) -> Word:
    match term.kind:
        case TermKind.SUM:
            return _sum(aig, term, args)
        case TermKind.SHIFT:
            bits = int(term.data[0])  # type: ignore[call-overload]
            return extended(args[0], max(len(args[0]), bits + 1))[bits:]
        case TermKind.WRAP:
            signed, width = term.data
            word = extended(args[0], int(width))  # type: ignore[call-overload]
            return word if signed else [*word, FALSE]
        case TermKind.PRODUCT:
            return multiplied(aig, args[0], args[1], len(args[0]) + len(args[1]))
        case TermKind.MAGNITUDE:
            wide = extended(args[0], len(args[0]) + 1)
            return chosen(aig, wide[-1], negated(aig, wide), wide)
        case TermKind.LESS:
            return [less(aig, args[0], args[1]), FALSE]
        case TermKind.CHOICE:
            return chosen(aig, aig.any(args[0]), args[1], args[2])
        case TermKind.TABLE:
            return _table(aig, term, args[0])
    width = max(map(len, args))
    x, y = (extended(a, width) for a in args)
    gate = {TermKind.AND: aig.both, TermKind.OR: aig.either, TermKind.XOR: aig.differ}[term.kind]
    return [gate(p, q) for p, q in zip(x, y, strict=True)]


def _sum(aig: Aig, term: LogicTerm, args: list[Word]) -> Word:
    """Return a sum, modulo the width of the result; a factor by its signed digits."""
    width = term.width
    rows: list[tuple[bool, Word]] = []
    for factor, word in zip(term.data[1:], args, strict=True):
        rest, shift = int(factor), 0  # type: ignore[call-overload]
        while rest:
            if rest % 2:
                digit = 2 - rest % 4 if abs(rest) > 1 else rest
                rows.append((digit < 0, extended([FALSE] * shift + word, width)))
                rest -= digit
            rest //= 2
            shift += 1
    offset = int(term.data[0])  # type: ignore[call-overload]
    rows.sort(key=lambda row: row[0])
    total = constant(offset, width) if offset or not rows else None
    for negative, row in rows:
        if total is None:
            total = negated(aig, row) if negative else row
        else:
            total = subtracted(aig, total, row) if negative else added(aig, total, row)
    assert total is not None
    return total


def _table(aig: Aig, term: LogicTerm, address: Word) -> Word:
    values: tuple[int, ...] = term.data[0]  # type: ignore[assignment]
    bits = max(1, (len(values) - 1).bit_length())
    padded = [*values, *([values[-1]] * ((1 << bits) - len(values)))]
    return looked_up(aig, extended(address, bits), padded, term.width)
