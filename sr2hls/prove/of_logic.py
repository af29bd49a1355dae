"""alkaid's combinational logic as terms: what its Verilog does with bits, operation by operation.

Intervals that the logic claims are not believed: every result is taken modulo its width, as wires are.
"""

from collections.abc import Mapping

from alkaid.types import CombLogic, Op, Precision

from sr2hls.errors import VerificationError
from sr2hls.prove.logic_terms import TermKind, Terms
from sr2hls.prove.of_program import Scaled
from sr2hls.rtl.tables import closed_entries

_NEGATE, _INPUT, _ADD, _SUB, _SLICE, _ADD_CONSTANT, _CONSTANT = -2, -1, 0, 1, 3, 4, 5
_MUX, _MUL, _LOOKUP, _UNARY, _BINARY = 6, 7, 8, 9, 10
_BITWISE = (TermKind.AND, TermKind.OR, TermKind.XOR)


class LogicTerms:
    """Terms of logic's values, written when they are asked for.

    Attributes:
        logic: the logic.
    """

    def __init__(self, terms: Terms, logic: CombLogic, inputs: list[Scaled]) -> None:
        self.logic = logic
        self._terms = terms
        self._inputs = inputs
        self._kif: list[Precision] = [op.qint.kif for op in logic.ops]
        self._tables: dict[int, tuple[int, ...]] = {}

    def __len__(self) -> int:
        return len(self.logic.ops)

    @property
    def outputs(self) -> list[int]:
        """Positions of the outputs."""
        return list(self.logic.out_idxs)

    def frac(self, position: int) -> int:
        """Return the fractional bits of a value."""
        return int(self._kif[position].fractional)

    def value(self, position: int, known: Mapping[int, Scaled]) -> Scaled:
        """Return a value as a term over those that are known and over inputs."""
        found: dict[int, Scaled] = {}
        stack = [position]
        while stack:
            at = stack[-1]
            if at in known and at != position:
                found[at] = known[at]
            if at in found:
                stack.pop()
                continue
            waiting = [a for a in self.logic.ops[at].addr if a not in found]
            if waiting:
                stack += waiting
                continue
            found[at] = self._apply(at, [found[a] for a in self.logic.ops[at].addr])
            stack.pop()
        return found[position]

    def _apply(self, position: int, args: list[Scaled]) -> Scaled:
        op, kif, terms = self.logic.ops[position], self._kif[position], self._terms
        frac = int(kif.fractional)
        exact = self._inputs[op.data[0]] if op.opcode == _INPUT else self._exact(op, position, args)
        if exact.frac < frac:
            raise VerificationError(f"logic operation {position} has more fractional bits than its result")
        kept = terms.shift_right(exact.term, exact.frac - frac)
        width = sum(kif)
        term = terms.wrap(kept, bool(kif.signed), width) if width else terms.constant(0)
        return Scaled(term, frac)

    def _exact(self, op: Op, position: int, args: list[Scaled]) -> Scaled:
        terms = self._terms
        match op.opcode:
            case 0 | 1:
                b = Scaled(args[1].term, args[1].frac - op.data[0])
                x, y, frac = self._aligned(args[0], b)
                return Scaled(terms.total([(1, x), (-1 if op.opcode == _SUB else 1, y)]), frac)
            case -2:
                return Scaled(terms.scaled(args[0].term, -1), args[0].frac)
            case 3:
                return Scaled(args[0].term, args[0].frac - op.data[0])
            case 4:
                x, y, frac = self._aligned(args[0], Scaled(terms.constant(op.data[0]), op.data[1]))
                return Scaled(terms.total([(1, x), (1, y)]), frac)
            case 5:
                return Scaled(terms.constant(op.data[0]), self.frac(position))
            case 6:
                key = self._highest_bit(op.addr[2], args[2])
                x, y, frac = self._aligned(args[0], Scaled(args[1].term, args[1].frac - op.data[0]))
                return Scaled(terms.choice(key, x, y), frac)
            case 7:
                return Scaled(terms.product(args[0].term, args[1].term), args[0].frac + args[1].frac)
            case 8:
                if position not in self._tables:
                    self._tables[position] = closed_entries(self.logic, op)
                address = terms.wrap(args[0].term, False, sum(self._kif[op.addr[0]]))
                return Scaled(
                    self._signed(position, terms.table(address, self._tables[position])), self.frac(position)
                )
            case 9:
                return Scaled(self._unary(op, args[0]), self.frac(position))
            case 10:
                x, y, frac = self._aligned(args[0], Scaled(args[1].term, args[1].frac - op.data[0]))
                return Scaled(terms.bitwise(_BITWISE[op.data[1]], x, y), frac)
            case _:
                raise VerificationError(
                    f"logic operation {position} has the code {op.opcode}, which proofs do not know"
                )

    def _signed(self, position: int, pattern: int) -> int:
        """Return the number that a table's raw bits spell."""
        kif = self._kif[position]
        return self._terms.wrap(pattern, bool(kif.signed), sum(kif))

    def _aligned(self, a: Scaled, b: Scaled) -> tuple[int, int, int]:
        frac = max(a.frac, b.frac)
        x, y = (self._terms.scaled(s.term, 1 << (frac - s.frac)) for s in (a, b))
        return x, y, frac

    def _highest_bit(self, position: int, key: Scaled) -> int:
        width = sum(self._kif[position])
        pattern = self._terms.wrap(key.term, False, width)
        return self._terms.shift_right(pattern, width - 1)

    def _unary(self, op: Op, a: Scaled) -> int:
        terms = self._terms
        if op.data[0] == 0:
            return terms.total([(-1, a.term)], -1)
        if op.data[0] == 1:
            return terms.differ(a.term, terms.constant(0))
        width = sum(self._kif[op.addr[0]])
        all_set = terms.constant((1 << width) - 1)
        return terms.invert(terms.differ(terms.wrap(a.term, False, width), all_set))
