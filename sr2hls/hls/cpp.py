"""A program as C++: one struct with its types, its tables and one function, from ``templates/hls``.

Values are declared in ap_fixed types with the rounding and overflow modes of the contract, so that the
declaration quantises, and every right-hand side is exact. Only positions and numbers reach the C++: names and
origins, which may come from files, do not.
"""

from dataclasses import dataclass, replace

from sr2hls.errors import InputError
from sr2hls.hls.cpp_types import ExactType, bits_type, cpp_type, literal, native_integer
from sr2hls.program import ops
from sr2hls.program.exact import div_shift
from sr2hls.program.program import Program
from sr2hls.program.serialize import digest
from sr2hls.program.types import FixedType, Overflow
from sr2hls.templates import render

BACKENDS = ("Vitis", "Vivado")
"""hls4ml's backends whose tools can synthesise a formula; the tools read different pragmas."""

_SYMBOL = {
    ops.Predicate.LT: "<",
    ops.Predicate.LE: "<=",
    ops.Predicate.GT: ">",
    ops.Predicate.GE: ">=",
    ops.Predicate.EQ: "==",
    ops.Predicate.NE: "!=",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """One operation, in the words of ``templates/hls/statements.j2``."""

    kind: str
    name: str
    type: str
    args: tuple[str, ...]
    exact: str = ""
    aligned: tuple[str, ...] = ()
    number: int = 0
    literal: str = ""
    comment: str = ""
    index: str = ""
    entries: tuple[str, ...] = ()
    matches: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class CppFormula:
    """A program as ``templates/hls/formula.h.j2`` takes it.

    Attributes:
        struct: name of the struct.
        digest: SHA-256 of what the program computes.
        types: alias and declaration of every type.
        statements: one an operation.
        outputs: C++ names of the outputs.
        n_inputs: number of inputs.
        n_outputs: number of outputs.
        backend: hls4ml's backend.
        ii: initiation interval in clock cycles.
        max_latency: most clock cycles that the tool may take, if limited.
        use_dsp: whether multipliers may become DSP blocks.
    """

    struct: str
    digest: str
    types: tuple[tuple[str, str], ...]
    statements: tuple[Statement, ...]
    outputs: tuple[str, ...]
    n_inputs: int
    n_outputs: int
    backend: str
    ii: int
    max_latency: int | None
    use_dsp: bool


def formula(
    program: Program,
    struct: str,
    *,
    backend: str = "Vitis",
    quantize_inputs: bool = False,
    use_dsp: bool = True,
    ii: int = 1,
    max_latency: int | None = None,
    input_type: ExactType | None = None,
) -> CppFormula:
    """Describe a program for the template.

    Args:
        program: what to emit.
        struct: a C++ identifier for the struct.
        backend: ``Vitis`` or ``Vivado``.
        quantize_inputs: quantise the inputs in hardware with the modes of their types. Without it they
            already have to be values of their types, as the contract says, and no logic is spent on them.
        use_dsp: let multipliers become DSP blocks.
        ii: initiation interval in clock cycles.
        max_latency: most clock cycles, if limited.
        input_type: type in which the inputs arrive; by default the narrowest that holds all of them.

    Raises:
        InputError: the struct's name is no identifier, or the backend is unknown.
    """
    if not struct.isidentifier() or not struct.isascii():
        raise InputError(f"'{struct}' is not a C++ identifier")
    if backend not in BACKENDS:
        raise InputError(f"backend '{backend}' is not one of {', '.join(BACKENDS)}")
    declared = [
        op.type if quantize_inputs or not isinstance(op, ops.Input) else bits_type(op.type) for op in program
    ]
    alias = {type_: f"t{k}" for k, type_ in enumerate(dict.fromkeys(declared))}
    arriving = input_type or ExactType.common(program.input_types)
    statements = tuple(
        replace(_statement(program, position, declared[position], arriving), type=alias[declared[position]])
        for position in range(len(program))
    )
    return CppFormula(
        struct=struct,
        digest=digest(program),
        types=tuple((name, cpp_type(type_)) for type_, name in alias.items()),
        statements=statements,
        outputs=tuple(f"v{i}" for i in program.outputs),
        n_inputs=program.n_inputs,
        n_outputs=program.n_outputs,
        backend=backend,
        ii=ii,
        max_latency=max_latency,
        use_dsp=use_dsp,
    )


def emit(described: CppFormula, base: str = "") -> str:
    """Return the C++ of a formula; it needs ``nnet_sr2hls.h``.

    Args:
        described: from `formula`.
        base: a struct to inherit from, e.g. ``nnet::layer_config``.
    """
    return render("hls/formula.h.j2", f=described, base=f": {base} " if base else "")


def _statement(program: Program, position: int, declared: FixedType, input_type: ExactType) -> Statement:
    op = program.ops[position]
    args = tuple(f"v{a}" for a in op.args)
    types = [program.ops[a].type for a in op.args]
    exact = exact_type(op, types, input_type)
    wide = exact.roundable(op.type)
    plain = Statement(kind=op.name, name=f"v{position}", type="", args=args, exact=str(wide))
    if _holds_only_zero(declared) and not isinstance(op, ops.Constant | ops.Table):
        return replace(plain, kind="constant", literal="0LL", comment="SAT_SYM leaves one bit only zero")
    match op:
        case ops.Input(index=index):
            return replace(plain, number=index, exact="" if wide == exact else str(wide))
        case ops.Add() | ops.Sub() | ops.Neg() | ops.Cast():
            return replace(plain, exact="" if wide == exact else str(wide))
        case ops.Constant(raw=raw):
            return replace(plain, literal=literal(raw), comment=repr(op.type.value(raw)))
        case ops.Shift():
            return replace(plain, index=str(exact))
        case ops.Min() | ops.Max():
            return replace(plain, aligned=args)
        case ops.Compare(predicate=predicate):
            common = str(ExactType.common(types))
            return replace(plain, aligned=args, index=common, comment=_SYMBOL[predicate])
        case ops.Select():
            return replace(plain, aligned=args[1:])
        case ops.Argmax():
            return replace(
                plain,
                aligned=args,
                index=str(ExactType.common(types)),
                number=exact.width,
                matches=_tournament(len(args)),
            )
        case ops.Table(values=values):
            bits = ", ".join(f"sr2hls::bits({a})" for a in args)
            return replace(
                plain,
                exact=f"{'ap_int' if op.type.signed else 'ap_uint'}<{op.type.width}>",
                comment=native_integer(op.type),
                number=sum(t.width for t in types),
                index=f"({bits})" if len(args) > 1 else bits,
                entries=tuple(literal(v) if abs(v) >> 31 else str(v) for v in values),
            )
        case ops.Div():
            return replace(
                plain,
                comment=_division(types, op.type),
                literal=literal(op.type.raw_max),
                index=literal(op.type.raw_min),
            )
        case _:
            return plain


def _holds_only_zero(type_: FixedType) -> bool:
    """Return whether quantising to a type gives 0 whatever the value.

    UG1399 saturates SAT_SYM at minus the largest value, which is 0 in one signed bit; AMD's ap_fixed gives
    -1 there, in C++ and in hardware, so the type cannot be left to do it.
    """
    return type_.signed and type_.width == 1 and type_.overflow is Overflow.SAT_SYM


def exact_type(op: ops.Operation, types: list[FixedType], input_type: ExactType) -> ExactType:
    """Return the type that the exact result has in C++."""
    match op:
        case ops.Input():
            return input_type
        case ops.Mul():
            a, b = types
            return ExactType(a.signed or b.signed, a.width + b.width, a.frac + b.frac)
        case ops.Shift(amount=amount):
            return ExactType(types[0].signed, types[0].width, types[0].frac - amount)
        case ops.Neg() | ops.Abs():
            return ExactType(True, types[0].width + 1, types[0].frac)
        case ops.Add() | ops.Sub():
            common = ExactType.common(types)
            signed = common.signed or isinstance(op, ops.Sub)
            return ExactType(signed, common.width + 1, common.frac)
        case ops.Min() | ops.Max():
            return ExactType.common(types)
        case ops.Select():
            return ExactType.common(types[1:])
        case ops.Compare():
            return ExactType(False, 1, 0)
        case ops.Argmax():
            return ExactType(False, max(1, (len(types) - 1).bit_length()), 0)
        case ops.Cast():
            return ExactType.of(types[0])
        case _:
            return ExactType.of(op.type)


def _division(types: list[FixedType], result: FixedType) -> str:
    """Return the template arguments of ``sr2hls::divide``."""
    numerator, denominator = types
    shift = div_shift(numerator, denominator, result)
    left, right = max(0, shift), max(0, -shift)
    width_n = numerator.width + left + (not numerator.signed)
    width_d = denominator.width + right + (not denominator.signed)
    return f"{width_n}, {left}, {width_d}, {right}, {result.frac + 2}"


def _tournament(n: int) -> tuple[tuple[int, int, int], ...]:
    """Return (left, right, winner) of a knock-out over n players; winners are numbered from n.

    Neighbours play, and the left one wins a draw: the first of equals wins the tournament.
    """
    matches: list[tuple[int, int, int]] = []
    players, fresh = list(range(n)), n
    while len(players) > 1:
        winners = []
        for left, right in zip(players[::2], players[1::2], strict=False):
            matches.append((left, right, fresh))
            winners.append(fresh)
            fresh += 1
        players = winners + (players[-1:] if len(players) % 2 else [])
    return tuple(matches)
