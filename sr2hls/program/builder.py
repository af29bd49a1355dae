"""Write a program operation by operation, with equal operations written once."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from sr2hls.errors import ProgramError
from sr2hls.program import ops
from sr2hls.program.exact import Interval, exact_interval, held_interval
from sr2hls.program.program import Program
from sr2hls.program.types import BIT, FixedType, narrowest


class Builder:
    """Collects operations; methods return the position of the value.

    A result without a type gets the narrowest one that holds every exact result that the inputs can lead to
    (interval arithmetic). An
    operation that is already there is returned, not written again (value numbering).

    Example:
        >>> b = Builder({"x0": FixedType(True, 6, 3)})
        >>> program = b.program({"y": b.add(b["x0"], b.constant(1, 0))})
    """

    def __init__(self, inputs: dict[str, FixedType]) -> None:
        self._ops: list[ops.Operation] = [
            ops.Input(type=type_, index=index, origin=name)
            for index, (name, type_) in enumerate(inputs.items())
        ]
        self._names = tuple(inputs)
        self._position: dict[ops.Operation, int] = {
            replace(op, origin=""): i for i, op in enumerate(self._ops)
        }
        self._ranges = [Interval.of_type(type_) for type_ in inputs.values()]

    def __getitem__(self, name: str) -> int:
        """Return the position of an input."""
        try:
            return self._names.index(name)
        except ValueError:
            raise ProgramError(
                f"the program has no input '{name}'; it has {', '.join(self._names)}"
            ) from None

    def type(self, value: int) -> FixedType:
        """Return the type of a value."""
        return self._ops[value].type

    def operation(self, value: int) -> ops.Operation:
        """Return the operation that computes a value."""
        return self._ops[value]

    def range(self, value: int) -> Interval:
        """Return the raw values that a value can take in its type."""
        return self._ranges[value]

    def push(self, op: ops.Operation) -> int:
        """Write an operation (or find the same one) and return its position."""
        key = replace(op, origin="")
        if key not in self._position:
            self._position[key] = len(self._ops)
            self._ops.append(op)
            self._ranges.append(held_interval(op, self.exact(op), [self._ranges[a] for a in op.args]))
        return self._position[key]

    def constant(self, raw: int, frac: int, type_: FixedType | None = None, origin: str = "") -> int:
        """Write the constant ``raw · 2^-frac``."""
        if type_ is None:
            while raw and raw % 2 == 0 and frac > 0:
                raw, frac = raw // 2, frac - 1
            type_ = narrowest(raw, raw, frac)
        return self.push(ops.Constant(type=type_, raw=raw, origin=origin))

    def table(
        self, args: Sequence[int], values: Sequence[int] | np.ndarray, type_: FixedType, origin: str = ""
    ) -> int:
        """Write a table over the concatenated bits of the arguments (the first in the highest bits)."""
        raws = tuple(int(v) for v in values)
        return self.push(ops.Table(args=tuple(args), type=type_, values=raws, origin=origin))

    def add(self, a: int, b: int, type_: FixedType | None = None, origin: str = "") -> int:
        """Write a + b."""
        return self._write(ops.Add, (a, b), type_, origin)

    def sub(self, a: int, b: int, type_: FixedType | None = None, origin: str = "") -> int:
        """Write a - b."""
        return self._write(ops.Sub, (a, b), type_, origin)

    def mul(self, a: int, b: int, type_: FixedType | None = None, origin: str = "") -> int:
        """Write a · b."""
        return self._write(ops.Mul, (a, b), type_, origin)

    def div(self, a: int, b: int, type_: FixedType, origin: str = "") -> int:
        """Write a / b; a quotient has no exact type, so one must be given."""
        return self._write(ops.Div, (a, b), type_, origin)

    def neg(self, a: int, type_: FixedType | None = None, origin: str = "") -> int:
        """Write -a."""
        return self._write(ops.Neg, (a,), type_, origin)

    def abs(self, a: int, type_: FixedType | None = None, origin: str = "") -> int:
        """Write |a|."""
        return self._write(ops.Abs, (a,), type_, origin)

    def min(self, a: int, b: int, type_: FixedType | None = None, origin: str = "") -> int:
        """Write the smaller of a and b."""
        return self._write(ops.Min, (a, b), type_, origin)

    def max(self, a: int, b: int, type_: FixedType | None = None, origin: str = "") -> int:
        """Write the larger of a and b."""
        return self._write(ops.Max, (a, b), type_, origin)

    def cast(self, a: int, type_: FixedType, origin: str = "") -> int:
        """Write a in another type; nothing is written where that changes nothing."""
        return a if self.type(a) == type_ else self._write(ops.Cast, (a,), type_, origin)

    def shift(self, a: int, amount: int, type_: FixedType | None = None, origin: str = "") -> int:
        """Write a · 2^amount."""
        return self._write(lambda **k: ops.Shift(amount=amount, **k), (a,), type_, origin)

    def compare(self, predicate: ops.Predicate, a: int, b: int, origin: str = "") -> int:
        """Write ``a predicate b`` as one bit."""
        return self._write(lambda **k: ops.Compare(predicate=predicate, **k), (a, b), BIT, origin)

    def select(self, condition: int, a: int, b: int, type_: FixedType | None = None, origin: str = "") -> int:
        """Write a where the condition is not zero, else b."""
        return self._write(ops.Select, (condition, a, b), type_, origin)

    def argmax(self, values: Sequence[int], type_: FixedType | None = None, origin: str = "") -> int:
        """Write the position of the largest value."""
        return self._write(ops.Argmax, tuple(values), type_, origin)

    def sum(self, terms: Sequence[int], origin: str = "") -> int:
        """Write an exact sum as a balanced tree, narrow terms first, so that adders stay short."""
        if not terms:
            return self.constant(0, 0, origin=origin)
        rest = sorted(terms, key=lambda v: (self.type(v).width, v))
        while len(rest) > 1:
            paired = [self.add(a, b, origin=origin) for a, b in zip(rest[::2], rest[1::2], strict=False)]
            rest = paired + ([rest[-1]] if len(rest) % 2 else [])
        return rest[0]

    def program(self, outputs: dict[str, int]) -> Program:
        """Return the program with the given outputs; what no output reads is left out, but for the inputs."""
        live = set(outputs.values()) | set(range(len(self._names)))
        for position in range(len(self._ops) - 1, -1, -1):
            if position in live:
                live.update(self._ops[position].args)
        at = {old: new for new, old in enumerate(sorted(live))}
        kept = [replace(self._ops[i], args=tuple(at[a] for a in self._ops[i].args)) for i in sorted(live)]
        return Program(tuple(kept), tuple(at[v] for v in outputs.values()), self._names, tuple(outputs))

    def exact(self, op: ops.Operation) -> Interval:
        """Return the exact results that an operation on values of this builder can have."""
        return exact_interval(op, [self._ranges[a] for a in op.args], [self.type(a) for a in op.args])

    def _write(
        self,
        kind: Callable[..., ops.Operation],
        args: tuple[int, ...],
        type_: FixedType | None,
        origin: str,
    ) -> int:
        if type_ is None:
            exact = self.exact(kind(args=args, type=BIT, origin=origin))
            type_ = narrowest(exact.low, exact.high, exact.frac)
        return self.push(kind(args=args, type=type_, origin=origin))
