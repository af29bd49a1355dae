"""Collects alkaid operations for values whose range is known exactly.

A `Net` is a value of the circuit: some bits and the interval of raw values that they can take. Constants are
nets of one value; they take no operation until something needs their bits. Equal operations are written once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from alkaid.trace.fixed_variable import LookupTable, TableSpec
from alkaid.types import CombLogic, Op, QInterval
from numpy.typing import NDArray

from sr2hls.errors import LoweringError
from sr2hls.program.types import FixedType

# alkaid's operation codes (its documentation, "ALIR operations").
NEGATE, SUB = -2, 1
_INPUT, _ADD, _SLICE, _ADD_CONSTANT, _CONSTANT = -1, 0, 3, 4, 5
_MUX, _MUL, _LOOKUP, _UNARY, _BINARY = 6, 7, 8, 9, 10
_CARRY = frozenset({NEGATE, _ADD, SUB, _ADD_CONSTANT, _MUL})
_UNARY_CODE = {"not": 0, "any": 1, "all": 2}
_BINARY_CODE = {"and": 0, "or": 1, "xor": 2}
# Bits that a double holds exactly; alkaid keeps intervals as doubles.
_DOUBLE_BITS = 53
# Fractional and integer bits that alkaid's byte code can express.
_KIF_LIMIT = 127
# Bits of an entry of alkaid's lookup tables, which are int32.
TABLE_ENTRY_BITS = 31
_LITERAL_LIMIT = 1 << 31


@dataclass(frozen=True, slots=True)
class Net:
    """A value ``raw · 2^-frac``, ``low <= raw <= high``; ``position`` is -1 for constants not yet written."""

    low: int
    high: int
    frac: int
    position: int = -1

    @property
    def signed(self) -> bool:
        """Whether the highest bit is a sign."""
        return self.low < 0

    @property
    def width(self) -> int:
        """Bits that hold every raw value; 0 for the constant 0."""
        if not self.signed:
            return self.high.bit_length()
        return max(self.high.bit_length() if self.high > 0 else 0, (-self.low - 1).bit_length()) + 1

    @property
    def constant(self) -> int | None:
        """The raw value of a constant, else None."""
        return self.low if self.low == self.high else None


@dataclass(frozen=True, slots=True)
class _Lookup:
    """What a table was made from."""

    index: Net
    values: NDArray[np.int64]
    known: NDArray[np.bool_]


class Netlist:
    """Writes alkaid operations; every method returns the net of its exact result."""

    def __init__(self, n_inputs: int) -> None:
        self._n_inputs = n_inputs
        self._ops: list[Op] = []
        self._tables: list[LookupTable] = []
        self._table_index: dict[str, int] = {}
        self._seen: dict[tuple[object, ...], int] = {}
        self._lookups: dict[int, _Lookup] = {}
        self._depths: list[int] = []

    def input(self, index: int, type_: FixedType) -> Net:
        """Write an input that can take every value of its type."""
        return self._emit((), _INPUT, (index,), type_.raw_min, type_.raw_max, type_.frac)

    def constant(self, raw: int, frac: int) -> Net:
        """Return a constant; nothing is written yet."""
        while raw and raw % 2 == 0:
            raw, frac = raw // 2, frac - 1
        return Net(raw, raw, frac if raw else 0)

    def scale(self, a: Net, amount: int) -> Net:
        """Return a · 2^amount: the same bits with another binary point."""
        if a.constant is not None:
            return self.constant(a.low, a.frac - amount)
        return a if amount == 0 else self._slice(a, amount, a.low, a.high, a.frac - amount)

    def floor(self, a: Net, frac: int) -> Net:
        """Return a without the bits below ``2^-frac``, rounded towards minus infinity."""
        drop = a.frac - frac
        if drop <= 0:
            return a
        if (a.low >> drop) == (a.high >> drop):
            return self.constant(a.low >> drop, frac)
        return self._slice(a, 0, a.low >> drop, a.high >> drop, frac)

    def bits(self, a: Net, first: int, count: int) -> Net:
        """Return ``count`` bits of a, from bit ``first`` (0 is its lowest), as an unsigned integer.

        Above its width an unsigned value has zeros and a signed one its sign.
        """
        mask = (1 << count) - 1
        if (a.low >> first) == (a.high >> first):
            return self.constant((a.low >> first) & mask, 0)
        if not a.signed:
            count = min(count, a.width - first)
            mask = (1 << count) - 1
        low, high = a.low >> first, a.high >> first
        if low < 0 or high > mask:
            low, high = 0, mask
        if first == 0 and a.frac == 0 and (low, high) == (a.low, a.high):
            return a
        return self._slice(a, a.frac - first, low, high, 0)

    def narrow(self, a: Net, low: int, high: int, frac: int) -> Net:
        """Return a, known to lie between two raw values at ``frac`` (at least a's own) fractional bits."""
        if a.constant is not None:
            return a
        finer = frac - a.frac
        low, high = max(a.low, -((-low) >> finer)), min(a.high, high >> finer)
        if low == high:
            return self.constant(low, a.frac)
        return a if (low, high) == (a.low, a.high) else self._slice(a, 0, low, high, a.frac)

    def wrap(self, a: Net, type_: FixedType) -> Net:
        """Return a with the bits above a type's highest dropped; a is no finer than the type."""
        coarser = type_.frac - a.frac
        low, high = -((-type_.raw_min) >> coarser), type_.raw_max >> coarser
        if low <= a.low and a.high <= high:
            return a
        if type_.width <= coarser:
            return self.constant(0, 0)
        if a.constant is not None:
            span = high - low + 1
            return self.constant((a.low - low) % span + low, a.frac)
        return self._slice(a, 0, low, high, a.frac)

    def add(self, a: Net, b: Net, subtract: bool = False) -> Net:
        """Return a + b, or a - b."""
        frac = max(a.frac, b.frac)
        x, y = a.low << (frac - a.frac), b.low << (frac - b.frac)
        if a.constant is not None and b.constant is not None:
            return self.constant(x - y if subtract else x + y, frac)
        if b.constant == 0:
            return a
        if a.constant == 0:
            return self.negate(b) if subtract else b
        x_high, y_high = a.high << (frac - a.frac), b.high << (frac - b.frac)
        low, high = (x - y_high, x_high - y) if subtract else (x + y, x_high + y_high)
        if a.constant is not None and not subtract:
            a, b = b, a
        if b.constant is not None and abs(b.low) < _LITERAL_LIMIT:
            value = -b.low if subtract else b.low
            return self._emit((a.position,), _ADD_CONSTANT, (value, b.frac), low, high, frac)
        args = (self._position(a), self._position(b))
        return self._emit(args, SUB if subtract else _ADD, (0,), low, high, frac)

    def negate(self, a: Net) -> Net:
        """Return -a."""
        if a.constant is not None:
            return self.constant(-a.low, a.frac)
        return self._emit((a.position,), NEGATE, (), -a.high, -a.low, a.frac)

    def multiply(self, a: Net, b: Net) -> Net:
        """Return a · b for two values that are not constants."""
        corners = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
        low = max(0, min(corners)) if a.position == b.position else min(corners)
        return self._emit((a.position, b.position), _MUL, (), low, max(corners), a.frac + b.frac)

    def mux(self, key: Net, a: Net, b: Net) -> Net:
        """Return a where the one-bit key is set, else b."""
        if key.constant is not None:
            return a if key.constant else b
        if a == b:
            return a
        frac = max((n.frac for n in (a, b) if n.constant != 0), default=0)
        a, b = (self.constant(0, 0) if n.constant == 0 else n for n in (a, b))
        a, b = (Net(0, 0, frac) if n.constant == 0 else n for n in (a, b))
        low = min(n.low << (frac - n.frac) for n in (a, b))
        high = max(n.high << (frac - n.frac) for n in (a, b))
        return self._emit((self._position(a), self._position(b), key.position), _MUX, (0,), low, high, frac)

    def invert(self, a: Net) -> Net:
        """Return the opposite of a one-bit value."""
        if a.constant is not None:
            return self.constant(1 - a.constant, 0)
        return self._emit((a.position,), _UNARY, (_UNARY_CODE["not"],), 0, 1, 0)

    def any(self, a: Net) -> Net:
        """Return one bit: whether any bit of a is set."""
        return self._reduce(a, "any", constant=1 if a.low > 0 or a.high < 0 else None)

    def all(self, a: Net, width: int) -> Net:
        """Return one bit: whether each of the ``width`` bits of the unsigned a is set."""
        never = a.width < width or a.high < (1 << width) - 1
        return self._reduce(a, "all", constant=0 if never else None)

    def logic(self, kind: str, a: Net, b: Net) -> Net:
        """Return the bitwise ``and``, ``or`` or ``xor`` of two one-bit values."""
        for x, y in ((a, b), (b, a)):
            if x.constant == 0:
                return self.constant(0, 0) if kind == "and" else y
            if x.constant == 1:
                return {"and": y, "or": self.constant(1, 0)}.get(kind) or self.invert(y)
        if a == b:
            return self.constant(0, 0) if kind == "xor" else a
        first, second = sorted((a.position, b.position))
        return self._emit((first, second), _BINARY, (0, _BINARY_CODE[kind]), 0, 1, 0)

    def difference_bits(self, a: Net, b: Net) -> Net:
        """Return unsigned bits that are all 0 where a = b."""
        for x, y in ((a, b), (b, a)):
            if x.constant == 0:
                # It has no bits: alkaid would read a wire that nothing drives.
                return self.bits(y, 0, y.width)
        frac = max(a.frac, b.frac)
        width = max(n.width + frac - n.frac for n in (a, b)) + int(a.signed != b.signed)
        args = (self._position(a), self._position(b))
        return self._emit(args, _BINARY, (0, _BINARY_CODE["xor"]), 0, (1 << width) - 1, frac)

    def concatenate(self, parts: Sequence[tuple[Net, int]]) -> Net:
        """Return unsigned integers, given with their widths, side by side, the first in the highest bits."""
        whole: Net = self.constant(0, 0)
        shift = 0
        for net, width in reversed(parts):
            placed = self.scale(net, shift)
            shift += width
            if whole.constant == 0:
                whole = placed
            elif placed.constant != 0:
                whole = self._disjoint_or(whole, placed)
        return whole

    def lookup(self, index: Net, values: NDArray[np.int64], known: NDArray[np.bool_], frac: int) -> Net:
        """Return ``values[index]``; an entry that is not ``known`` may be anything.

        Args:
            index: unsigned integer of n bits.
            values: raw results, shape (2^n,); each fits in 31 bits.
            known: whether the index can occur, shape (2^n,).
            frac: fractional bits of the results.
        """
        low, high = int(values[known].min()), int(values[known].max())
        if low == high:
            return self.constant(low, frac)
        span = slice(index.low, index.high + 1)
        table = self._table(values[span], known[span], low, high, frac)
        net = self._emit((index.position,), _LOOKUP, (table,), low, high, frac)
        self._lookups[net.position] = _Lookup(index, values, known)
        return net

    def is_table(self, net: Net) -> bool:
        """Return whether a value is read from a table."""
        return net.position in self._lookups

    def address_width(self, table: Net) -> int:
        """Return the address bits of a table."""
        return self._lookups[table.position].index.width

    def negate_table(self, table: Net) -> Net:
        """Return the table of the opposite values."""
        entry = self._lookups[table.position]
        return self.lookup(entry.index, -entry.values, entry.known, table.frac)

    def can_offset(self, table: Net, raw: int, frac: int) -> bool:
        """Return whether the entries of a table plus ``raw · 2^-frac`` are narrow enough for one."""
        finest = max(frac, table.frac)
        ends = ((end << (finest - table.frac)) + (raw << (finest - frac)) for end in (table.low, table.high))
        return all(end.bit_length() < TABLE_ENTRY_BITS for end in ends)

    def offset_table(self, table: Net, raw: int, frac: int) -> Net:
        """Return the table of its values plus ``raw · 2^-frac``."""
        entry = self._lookups[table.position]
        finest = max(frac, table.frac)
        values = (entry.values << (finest - table.frac)) + (raw << (finest - frac))
        return self.lookup(entry.index, values, entry.known, finest)

    def table_step(self, table: Net) -> int:
        """Return the weight of the lowest bit that differs between entries of a table."""
        entry = self._lookups[table.position]
        known = entry.values[entry.known]
        union = int(np.bitwise_or.reduce(known ^ known[0]))
        return union & -union

    def join_tables(self, a: Net, b: Net, limit: int) -> Net | None:
        """Return the table of a + b where both have one address, or few bits of address together."""
        if not (self.is_table(a) and self.is_table(b)):
            return None
        x, y = self._lookups[a.position], self._lookups[b.position]
        frac = max(a.frac, b.frac)
        if frac - min(a.frac, b.frac) + max(a.width, b.width) >= TABLE_ENTRY_BITS:
            return None
        left, right = x.values << (frac - a.frac), y.values << (frac - b.frac)
        if x.index == y.index:
            return self.lookup(x.index, left + right, x.known & y.known, frac)
        widths = x.index.width, y.index.width
        if sum(widths) > limit:
            return None
        index = self.concatenate([(x.index, widths[0]), (y.index, widths[1])])
        values = (left[:, None] + right[None, :]).ravel()
        return self.lookup(index, values, (x.known[:, None] & y.known[None, :]).ravel(), frac)

    def depth(self, net: Net) -> int:
        """Return how many operations with carry chains lie behind a value, at most."""
        return self._depths[net.position] if net.position >= 0 else 0

    def logic_of(self, outputs: Sequence[Net]) -> CombLogic:
        """Return what has been written as alkaid's combinational logic."""
        positions = [self._position(net) for net in outputs]
        return CombLogic(
            shape=(self._n_inputs, len(positions)),
            inp_shifts=[0] * self._n_inputs,
            out_idxs=positions,
            out_shifts=[0] * len(positions),
            out_negs=[False] * len(positions),
            ops=list(self._ops),
            # One adder bit a LUT, alkaid's own default for its delay and cost model.
            carry_size=1,
            adder_size=1,
            lookup_tables=tuple(self._tables) or None,
        )

    def _disjoint_or(self, a: Net, b: Net) -> Net:
        frac = max(a.frac, b.frac)
        low = (a.low << (frac - a.frac)) + (b.low << (frac - b.frac))
        high = (a.high << (frac - a.frac)) + (b.high << (frac - b.frac))
        args = (self._position(a), self._position(b))
        return self._emit(args, _BINARY, (0, _BINARY_CODE["or"]), low, high, frac)

    def _reduce(self, a: Net, kind: str, constant: int | None) -> Net:
        if constant is not None:
            return self.constant(constant, 0)
        if a.constant is not None:
            return self.constant(int(a.constant != 0), 0)
        if a.width == 1 and not a.signed and a.frac == 0:
            return a
        if a.width == 1:
            return self.bits(a, 0, 1)
        return self._emit((a.position,), _UNARY, (_UNARY_CODE[kind],), 0, 1, 0)

    def _slice(self, a: Net, shift: int, low: int, high: int, frac: int) -> Net:
        return self._emit((a.position,), _SLICE, (shift,), low, high, frac)

    def _position(self, net: Net) -> int:
        if net.position >= 0:
            return net.position
        return self._emit((), _CONSTANT, (net.low,), net.low, net.low, net.frac).position

    def _table(
        self, values: NDArray[np.int64], known: NDArray[np.bool_], low: int, high: int, frac: int
    ) -> int:
        key = sha256(values.tobytes() + known.tobytes() + str(frac).encode()).hexdigest()
        if key not in self._table_index:
            self._table_index[key] = len(self._tables)
            spec = TableSpec(key, _interval(low, high, frac), (len(values) - 1).bit_length())
            mask = None if known.all() else ~known
            entries = np.where(known, values, low).astype(np.int32)
            self._tables.append(LookupTable(entries, spec=spec, mask=mask))
        return self._table_index[key]

    def _emit(
        self, args: tuple[int, ...], opcode: int, data: tuple[int, ...], low: int, high: int, frac: int
    ) -> Net:
        key = (args, opcode, data, low, high, frac)
        position = self._seen.get(key)
        if position is None:
            if abs(frac) > _KIF_LIMIT or abs(max(high, -low).bit_length() - frac) > _KIF_LIMIT:
                raise LoweringError(
                    f"a value with {frac} fractional bits lies outside of what the RTL generator can express "
                    f"({_KIF_LIMIT} bits on each side of the binary point): rescale the program"
                )
            position = len(self._ops)
            self._ops.append(Op(args, opcode, data, _interval(low, high, frac), 0.0, 0.0))
            self._seen[key] = position
            behind = max((self._depths[a] for a in args), default=0)
            self._depths.append(behind + (opcode in _CARRY))
        return Net(low, high, frac, position)


def _interval(low: int, high: int, frac: int) -> QInterval:
    """Return alkaid's interval; that of all bits beyond what doubles hold exactly: no bit is lost."""
    if max(abs(low), abs(high)).bit_length() > _DOUBLE_BITS:
        width = Net(low, high, frac).width
        low, high = (-(1 << (width - 1)), (1 << (width - 1)) - 1) if low < 0 else (0, (1 << width) - 1)
    step = 2.0**-frac
    return QInterval(float(low) * step, float(high) * step, step)
