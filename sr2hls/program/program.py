"""The typed fixed-point program: a flat list of operations in SSA form."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from sr2hls.errors import ProgramError
from sr2hls.program.exact import Interval, aligned, div_shift, exact_interval, held_interval
from sr2hls.program.ops import (
    MAX_TABLE_BITS,
    Add,
    Argmax,
    Cast,
    Compare,
    Constant,
    Div,
    Input,
    Max,
    Min,
    Operation,
    Select,
    Shift,
    Sub,
    Table,
)
from sr2hls.program.types import FixedType

INT64_BITS = 64


@dataclass(frozen=True)
class Program:
    """Operations, each reading only earlier ones, and the positions of the outputs.

    Attributes:
        ops: the operations; the inputs come first, in the order of their ``index``.
        outputs: positions of the outputs in ``ops``.
        input_names: a name for each input.
        output_names: a name for each output.

    Raises:
        ProgramError: the program breaks the contract (see `verify`).
    """

    ops: tuple[Operation, ...]
    outputs: tuple[int, ...]
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]

    def __post_init__(self) -> None:
        verify(self)

    @property
    def n_inputs(self) -> int:
        """Number of inputs."""
        return len(self.input_names)

    @property
    def n_outputs(self) -> int:
        """Number of outputs."""
        return len(self.outputs)

    @property
    def input_types(self) -> tuple[FixedType, ...]:
        """Types of the inputs."""
        return tuple(op.type for op in self.ops[: self.n_inputs])

    @property
    def output_types(self) -> tuple[FixedType, ...]:
        """Types of the outputs."""
        return tuple(self.ops[i].type for i in self.outputs)

    @cached_property
    def users(self) -> tuple[tuple[int, ...], ...]:
        """For each operation, the positions of those that read it."""
        found: list[list[int]] = [[] for _ in self.ops]
        for position, op in enumerate(self.ops):
            for arg in set(op.args):
                found[arg].append(position)
        return tuple(tuple(positions) for positions in found)

    @cached_property
    def _intervals(self) -> tuple[tuple[Interval, Interval], ...]:
        found: list[tuple[Interval, Interval]] = []
        for op in self.ops:
            args = [found[a][1] for a in op.args]
            exact = exact_interval(op, args, [self.ops[a].type for a in op.args])
            found.append((exact, held_interval(op, exact, args)))
        return tuple(found)

    @cached_property
    def exact(self) -> tuple[Interval, ...]:
        """For each operation, the exact results it can have before it is quantised.

        Inputs range over their whole types; every other value over what its arguments let through.
        Division by zero has no exact result; `ranges` holds what it gives.
        """
        return tuple(exact for exact, _ in self._intervals)

    @cached_property
    def ranges(self) -> tuple[Interval, ...]:
        """For each value, the raw values that it can take in its type."""
        return tuple(held for _, held in self._intervals)

    def __iter__(self) -> Iterator[Operation]:
        return iter(self.ops)

    def __len__(self) -> int:
        return len(self.ops)

    def __str__(self) -> str:
        lines = []
        for position, op in enumerate(self.ops):
            extra = ""
            match op:
                case Input(index=index):
                    extra = f" {self.input_names[index]}"
                case Constant(raw=raw):
                    extra = f" {op.type.value(raw):g}"
                case Shift(amount=amount):
                    extra = f" {amount:+d}"
                case Compare(predicate=predicate):
                    extra = f" {predicate.value}"
                case Table(values=values):
                    extra = f" [{len(values)}]"
            args = "".join(f" %{a}" for a in op.args)
            note = f"  ; {op.origin}" if op.origin else ""
            lines.append(f"%{position} = {op.name}{extra}{args} : {op.type}{note}")
        outs = ", ".join(f"{n} = %{i}" for n, i in zip(self.output_names, self.outputs, strict=True))
        return "\n".join([*lines, f"out {outs}"])


def verify(program: Program) -> None:
    """Check the contract; the first breach is raised.

    Raises:
        ProgramError: names the operation and what is wrong with it.
    """
    if len(program.outputs) != len(program.output_names) or not program.outputs:
        raise ProgramError(
            f"a program needs at least one output and a name for each; it has {len(program.outputs)} outputs "
            f"and {len(program.output_names)} names"
        )
    for kind, names in (("input", program.input_names), ("output", program.output_names)):
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ProgramError(f"two {kind}s of the program have the name '{twice[0]}'")
    n_inputs = len(program.input_names)
    for position, op in enumerate(program.ops):
        where = f"operation %{position} ({op.name}{', ' + op.origin if op.origin else ''})"
        if isinstance(op, Input) != (position < n_inputs) or (isinstance(op, Input) and op.index != position):
            raise ProgramError(f"{where}: the first {n_inputs} operations must be the inputs in their order")
        if any(not 0 <= a < position for a in op.args):
            raise ProgramError(f"{where} reads %{max(op.args)}, which does not come before it")
        if len(op.args) != op.arity if op.arity is not None else not op.args:
            raise ProgramError(f"{where} has {len(op.args)} arguments")
        verify_operation(op, [program.ops[a].type for a in op.args], where)
    for output in program.outputs:
        if not 0 <= output < len(program.ops):
            raise ProgramError(f"output %{output} is not an operation of the program")


def verify_operation(op: Operation, arg_types: list[FixedType], where: str) -> None:
    """Check one operation for arguments of given types.

    Args:
        op: the operation.
        arg_types: types of its arguments.
        where: how messages name it.

    Raises:
        ProgramError: it breaks the contract.
    """
    match op:
        case Constant(raw=raw) if not op.type.raw_min <= raw <= op.type.raw_max:
            raise ProgramError(f"{where}: raw value {raw} is outside of {op.type}")
        case Table(values=values):
            bits = sum(t.width for t in arg_types)
            if bits > MAX_TABLE_BITS:
                raise ProgramError(f"{where}: {bits} index bits are more than {MAX_TABLE_BITS}")
            if len(values) != 1 << bits:
                raise ProgramError(f"{where}: {len(values)} entries for {bits} index bits")
            if min(values) < op.type.raw_min or max(values) > op.type.raw_max:
                raise ProgramError(f"{where}: an entry is outside of {op.type}")
    _verify_fits_int64(op, arg_types, where)


def _verify_fits_int64(op: Operation, arg_types: list[FixedType], where: str) -> None:
    """Refuse what the int64 interpreter could not compute exactly, for any arguments of these types."""
    whole = [Interval.of_type(t) for t in arg_types]
    if isinstance(op, Add | Sub | Min | Max | Compare | Argmax):
        operands = aligned(whole)
    elif isinstance(op, Select):
        operands = aligned(whole[1:])
    else:
        operands = whole
    exact = exact_interval(op, whole, arg_types)
    if isinstance(op, Div) and div_shift(arg_types[0], arg_types[1], op.type) < 0:
        operands = [
            whole[0],
            whole[1].at(whole[1].frac - div_shift(arg_types[0], arg_types[1], op.type)),
        ]
    drop = exact.frac - op.type.frac
    needed = max([i.bits for i in operands] + [exact.bits])
    # Rounding to nearest adds half a step; a left shift makes room for the result's extra bits.
    needed = max(needed, exact.bits - drop) if drop <= 0 else max(needed, exact.bits + 1, drop + 2)
    trivial = isinstance(op, Input | Constant | Table) or (
        isinstance(op, Cast | Shift | Select | Min | Max) and drop == 0
    )
    if needed > INT64_BITS and not (trivial and max(i.bits for i in [*operands, exact]) <= INT64_BITS):
        raise ProgramError(
            f"{where}: its exact result needs {needed} bits, more than the {INT64_BITS} that are computed "
            "exactly: narrow its arguments or split it"
        )
