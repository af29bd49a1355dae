"""Breaches of the contract, each named in the error."""

import pytest

from sr2hls.errors import ProgramError
from sr2hls.program import ops
from sr2hls.program.builder import Builder
from sr2hls.program.program import Program
from sr2hls.program.types import BIT, FixedType

T = FixedType(True, 6, 3)
X = ops.Input(type=T, index=0)


def make(
    *operations: ops.Operation, outputs: tuple[int, ...] = (1,), names: tuple[str, ...] = ("y",)
) -> Program:
    return Program((X, *operations), outputs, ("x",), names)


@pytest.mark.parametrize(
    ("operations", "message"),
    [
        ((ops.Neg(args=(1,), type=T),), r"%1 \(neg\) reads %1, which does not come before it"),
        ((ops.Neg(args=(-1,), type=T),), r"%1 \(neg\) reads %-1"),
        ((ops.Add(args=(0,), type=T),), r"%1 \(add\) has 1 arguments"),
        ((ops.Argmax(args=(), type=T),), r"%1 \(argmax\) has 0 arguments"),
        ((ops.Constant(type=T, raw=32),), r"raw value 32 is outside of ap_fixed<6,3>"),
        ((ops.Constant(type=T, raw=-33),), r"raw value -33 is outside"),
        ((ops.Table(args=(0,), type=BIT, values=(0,) * 63),), r"63 entries for 6 index bits"),
        ((ops.Table(args=(0,), type=BIT, values=(2,) * 64),), r"an entry is outside of ap_ufixed<1,1>"),
        ((ops.Table(args=(0, 0, 0), type=BIT, values=(0,)),), r"18 index bits are more than 16"),
        ((ops.Input(type=T, index=1),), r"the first 1 operations must be the inputs in their order"),
        ((ops.Neg(args=(0,), type=T, origin="-x"), ops.Neg(args=(7,), type=T)), r"%2 \(neg\) reads %7"),
        ((ops.Neg(args=(5,), type=T, origin="-x"),), r"operation %1 \(neg, -x\) reads %5"),
        ((ops.Shift(args=(0,), type=T, amount=70),), r"needs 76 bits, more than the 64 that are"),
        ((ops.Shift(args=(0,), type=T, amount=-(10**12)),), r"bits, more than the 64"),
    ],
)  # fmt: skip
def test_breaches_are_named(operations: tuple[ops.Operation, ...], message: str) -> None:
    with pytest.raises(ProgramError, match=message):
        make(*operations)


def test_inputs_must_come_first() -> None:
    with pytest.raises(ProgramError, match="the first 2 operations must be the inputs"):
        Program((X, ops.Neg(args=(0,), type=T)), (1,), ("x", "z"), ("y",))


def test_outputs_need_names_and_must_exist() -> None:
    with pytest.raises(ProgramError, match="it has 1 outputs and 2 names"):
        make(ops.Neg(args=(0,), type=T), names=("y", "z"))
    with pytest.raises(ProgramError, match="at least one output"):
        make(ops.Neg(args=(0,), type=T), outputs=(), names=())
    with pytest.raises(ProgramError, match="output %2 is not an operation"):
        make(ops.Neg(args=(0,), type=T), outputs=(2,))


def test_names_must_differ() -> None:
    with pytest.raises(ProgramError, match="two outputs of the program have the name 'y'"):
        make(outputs=(0, 0), names=("y", "y"))
    with pytest.raises(ProgramError, match="two inputs of the program have the name 'x'"):
        Program((X, ops.Input(type=T, index=1)), (0,), ("x", "x"), ("y",))


@pytest.mark.parametrize(("width", "fits"), [(32, True), (33, False)])
def test_products_beyond_64_bits_are_refused(width: int, fits: bool) -> None:
    wide, result = FixedType(True, width, width), FixedType(True, 64, 64)
    build = Builder({"a": wide, "b": wide})
    value = build.push(ops.Mul(args=(0, 1), type=result))
    if fits:
        assert len(build.program({"y": value})) == 3
    else:
        with pytest.raises(ProgramError, match="narrow its arguments or split it"):
            build.program({"y": value})


def test_printed_program() -> None:
    build = Builder({"x0": T})
    table = build.table([0], [k % 2 for k in range(64)], BIT, "parity")
    less = build.compare(ops.Predicate.LT, 0, build.constant(1, 1), "x0 < 1/2")
    text = str(build.program({"p": table, "q": build.shift(less, 2)}))
    assert text.splitlines() == [
        "%0 = input x0 : ap_fixed<6,3>  ; x0",
        "%1 = table [64] %0 : ap_ufixed<1,1>  ; parity",
        "%2 = constant 0.5 : ap_ufixed<1,0>",
        "%3 = compare lt %0 %2 : ap_ufixed<1,1>  ; x0 < 1/2",
        "%4 = shift +2 %3 : ap_ufixed<1,3>",
        "out p = %1, q = %4",
    ]


def test_users_and_sizes() -> None:
    build = Builder({"x0": T, "x1": T})
    square = build.mul(0, 0)
    program = build.program({"y": build.add(square, 0)})
    assert program.users == ((2, 3), (), (3,), ())
    assert (program.n_inputs, program.n_outputs, len(program), len(list(program))) == (2, 1, 4, 4)
