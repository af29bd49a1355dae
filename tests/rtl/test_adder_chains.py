"""Sums: the structure that saves LUTs, and that nothing but the structure changes."""

from pathlib import Path

import numpy as np
import pytest

from sr2hls.program.builder import Builder
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.program import Program
from sr2hls.program.sums import inner_sums
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.rtl.lower_program import to_alkaid
from sr2hls.rtl.project import write_rtl
from sr2hls.synthesis.base import HdlDesign
from sr2hls.synthesis.yosys import Yosys
from sr2hls.target import Target
from sr2hls.verify.random_programs import corner_inputs

ADDERS = (0, 1, 4)
LOOKUP = 8


def sum_of_tables(bits: int, n: int, type_: FixedType | None = None) -> Program:
    """Return a sum of n tables, each of an input of its own."""
    rng = np.random.default_rng(bits)
    b = Builder({f"x{k}": FixedType(False, bits, bits) for k in range(n)})
    entry = FixedType(True, 5, 2)
    total = b.sum([b.table([b[f"x{k}"]], rng.integers(-16, 16, 1 << bits), entry) for k in range(n)])
    return b.program({"y": total if type_ is None else b.cast(total, type_)})


def assert_exact(program: Program, slack: int | None = None) -> None:
    rng = np.random.default_rng(0)
    highest = [t.raw_max for t in program.input_types]
    raw = rng.integers(0, highest, size=(500, program.n_inputs), endpoint=True)
    logic = to_alkaid(program, slack=slack)
    steps = 2.0 ** np.array([t.frac for t in program.output_types])
    found = np.rint(logic.predict(raw.astype(float), n_threads=1) * steps).astype(int)
    np.testing.assert_array_equal(found, Interpreter(program).run(raw))


@pytest.mark.parametrize("slack", [0, 1, 2, None])
@pytest.mark.parametrize("bits", [3, 5, 6])
def test_every_arrangement_is_exact(bits: int, slack: int | None) -> None:
    assert_exact(sum_of_tables(bits, 9), slack)


@pytest.mark.parametrize("slack", [0, 2, None])
@pytest.mark.parametrize("seed", range(12))
def test_sums_and_differences_of_anything_are_exact(seed: int, slack: int | None) -> None:
    """Tables of any sign and binary point, narrow and wide addresses, plain values, constants; subtracted."""
    rng = np.random.default_rng(seed)
    widths = [int(w) for w in rng.integers(3, 9, size=6)]
    b = Builder({f"x{k}": FixedType(bool(rng.integers(2)), w, w) for k, w in enumerate(widths)})
    total = 0
    for k in rng.permutation(6):
        w = widths[k]
        kind = rng.integers(4)
        if kind == 0:
            term = b[f"x{k}"]
        elif kind == 1:
            term = b.constant(int(rng.integers(-40, 40)), int(rng.integers(0, 4)))
        else:
            low, high = sorted(rng.integers(-60, 60, size=2).tolist())
            entry = FixedType(True, 7, int(rng.integers(3, 8)))
            term = b.table([b[f"x{k}"]], rng.integers(low, high + 2, 1 << w), entry)
        total = b.sub(total, term) if rng.integers(2) else b.add(term, total)
    program = b.program({"y": total})
    raw = corner_inputs(program, 600, seed)
    logic = to_alkaid(program, slack=slack)
    found = np.rint(logic.predict(raw.astype(float), n_threads=1) * 2.0 ** program.output_types[0].frac)
    np.testing.assert_array_equal(found.astype(int), Interpreter(program).run(raw))


def test_offsets_too_wide_for_a_table_stay_where_they_are() -> None:
    b = Builder({"x": FixedType(False, 6, 6), "y": FixedType(False, 6, 6)})
    rng = np.random.default_rng(0)
    coarse = b.table([0], rng.integers(-2000, 2000, 64), FixedType(True, 12, 12))
    fine = b.table([1], rng.integers(-100, 100, 64), FixedType(True, 8, -20))
    assert_exact(b.program({"y": b.add(coarse, fine)}))


def test_tables_added_to_tables_have_no_sign() -> None:
    """Operands of adders vary in their low bits only: what is above is constant and takes no LUT."""
    program = sum_of_tables(5, 4)
    logic = to_alkaid(program, slack=0)
    tables = [op for op in logic.ops if op.opcode == LOOKUP]
    unsigned = [op for op in tables if op.qint.min >= 0]
    assert len(tables) == 4
    assert len(unsigned) >= 3


def test_slack_bounds_the_depth() -> None:
    program = sum_of_tables(5, 9)
    delays = [max(to_alkaid(program, slack=slack).latency) for slack in (0, 1, None)]
    assert delays == sorted(delays)
    assert delays[0] < delays[-1]
    adders = [sum(op.opcode in ADDERS for op in to_alkaid(program, slack=s).ops) for s in (0, None)]
    assert adders == [8, 8]


def test_small_tables_share_one() -> None:
    """2 + 3 address bits: one table of five, one adder fewer."""
    b = Builder({"x": FixedType(False, 2, 2), "y": FixedType(False, 3, 3), "z": FixedType(False, 6, 6)})
    entry = FixedType(True, 6, 6)
    rng = np.random.default_rng(0)
    tables = [
        b.table([b[n]], rng.integers(-30, 30, 1 << w), entry) for n, w in (("x", 2), ("y", 3), ("z", 6))
    ]
    program = b.program({"s": b.add(b.add(tables[0], tables[2]), tables[1])})
    assert sum(op.opcode in ADDERS for op in to_alkaid(program).ops) == 1


def test_tables_of_one_address_and_constants_need_no_adder() -> None:
    b = Builder({"x": FixedType(False, 6, 6)})
    entry = FixedType(True, 6, 6)
    first = b.table([b["x"]], [k % 29 - 14 for k in range(64)], entry)
    second = b.table([b["x"]], [k * k % 31 - 15 for k in range(64)], entry)
    program = b.program({"s": b.add(b.sub(first, second), b.constant(5, 2))})
    logic = to_alkaid(program)
    assert not [op for op in logic.ops if op.opcode in ADDERS]
    assert_exact(program)


@pytest.mark.parametrize("overflow", Overflow)
@pytest.mark.parametrize("rounding", Rounding)
def test_a_rounded_sum_rounds_once(rounding: Rounding, overflow: Overflow) -> None:
    b = Builder({f"x{k}": FixedType(False, 5, 5) for k in range(3)})
    rng = np.random.default_rng(1)
    tables = [b.table([b[f"x{k}"]], rng.integers(-32, 32, 32), FixedType(True, 6, 2)) for k in range(3)]
    inner = b.sub(tables[0], tables[1])
    for type_ in (FixedType(True, 4, 2, rounding, overflow), FixedType(False, 6, 3, rounding, overflow)):
        assert_exact(b.program({"y": b.add(inner, tables[2], type_)}))


def test_inner_sums_are_exact_and_read_once() -> None:
    b = Builder({"x": FixedType(True, 6, 6), "y": FixedType(True, 6, 6)})
    exact = b.add(b["x"], b["y"])
    narrow = b.add(b["x"], b["x"], FixedType(True, 6, 6))
    shared = b.sub(b["x"], b["y"])
    outputs = {"a": b.add(exact, narrow), "b": b.add(shared, b["x"]), "c": b.neg(shared)}
    assert inner_sums(b.program(outputs)) == {exact}


def entries(rng: np.random.Generator, address: int, largest: int) -> list[int]:
    """Return random entries of a table from 0 to a largest one."""
    values = rng.integers(0, largest + 1, 1 << address)
    values[:2] = 0, largest
    return [int(v) for v in values]


def test_wide_tables_and_narrow_ones_share_one_chain(tmp_path: Path) -> None:
    """3 + 4 bits of six address bits, 4 + 6 bits of five, and one adder of two wires a bit: 20 LUTs."""
    rng = np.random.default_rng(0)
    b = Builder({f"x{k}": FixedType(False, w, w) for k, w in enumerate((6, 5, 6, 5))})
    sizes = ((6, 7), (5, 15), (6, 15), (5, 63))
    tables = [
        b.table(
            [b[f"x{k}"]], entries(rng, address, most), FixedType(False, most.bit_length(), most.bit_length())
        )
        for k, (address, most) in enumerate(sizes)
    ]
    program = b.program({"y": b.sum(tables)})
    project = write_rtl(program, tmp_path / "p", target=Target())
    lut = Yosys().synthesise(HdlDesign.of(project), Target(), dsp=False).lut
    assert lut is not None and lut.value <= 21


@pytest.mark.parametrize(("constant", "widened"), [(0, 0), (23, 0), (64, 0), (87, 0), (30, 1), (100, 2)])
def test_a_constant_goes_where_entries_have_room(constant: int, widened: int) -> None:
    """The second table has room for 23; what is left is a whole number of 64, or takes bits of the head."""
    rng = np.random.default_rng(0)
    b = Builder({"x": FixedType(False, 6, 6), "y": FixedType(False, 5, 5)})
    head = b.table([b["x"]], entries(rng, 6, 63), FixedType(False, 6, 6))
    second = b.table([b["y"]], entries(rng, 5, 40), FixedType(False, 6, 6))
    program = b.program({"s": b.add(b.add(head, second), b.constant(constant, 0))})
    assert_exact(program)
    logic = to_alkaid(program)
    adder = next(op for op in logic.ops if op.opcode in ADDERS)
    varying = []
    for position in adder.addr:
        interval = logic.ops[position].qint
        low, high = int(interval.min / interval.step), int(interval.max / interval.step)
        varying.append((low ^ high).bit_length())
    assert varying == [6 + widened, 6]
