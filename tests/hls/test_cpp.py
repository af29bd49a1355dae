import dataclasses
import re
from functools import partial

import numpy as np
import pytest

from sr2hls.errors import InputError
from sr2hls.hls.batch import compile_programs
from sr2hls.hls.compiler import FLAGS
from sr2hls.hls.cpp import CppFormula, emit, formula
from sr2hls.hls.cpp_types import ExactType, literal, native_integer
from sr2hls.program import ops
from sr2hls.program.builder import Builder
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.verify.random_programs import corner_inputs, random_program, random_type


def cast_program(source: FixedType, results: list[FixedType]) -> Program:
    b = Builder({"x": source})
    return b.program({f"y{k}": b.push(ops.Cast(args=(0,), type=t)) for k, t in enumerate(results)})


def every_mode(rng: np.random.Generator, max_width: int) -> list[FixedType]:
    types = []
    for rounding in Rounding:
        for overflow in Overflow:
            width = int(rng.integers(1, max_width + 1))
            integer = int(rng.integers(-4, width + 5))
            types.append(FixedType(bool(rng.integers(2)), width, integer, rounding, overflow))
    return types


def differences(program: Program, compiled, raw) -> int:
    return int((Interpreter(program).run(raw) != compiled.run(raw)).sum())


def whole_range(type_: FixedType):
    return np.arange(type_.raw_min, type_.raw_max + 1)[:, None]


SEEDS = (0, 3, 5)


@pytest.fixture(scope="module")
def mutated() -> list[Program]:
    """A program and three that are a little wrong: a width, a rounding mode, a table entry."""
    t = FixedType(True, 8, 4)
    wide = FixedType(True, 9, 6, Rounding.RND, Overflow.SAT)

    def build(product: FixedType, first_entry: int) -> Program:
        b = Builder({"a": t, "b": t, "c": FixedType(False, 4, 4)})
        entries = [first_entry, *range(1, 16)]
        table = b.table([b["c"]], entries, FixedType(False, 4, 4))
        return b.program({"y": b.add(b.mul(b["a"], b["b"], product), table)})

    return [
        build(wide, 0),
        build(dataclasses.replace(wide, width=8, integer=5), 0),
        build(dataclasses.replace(wide, rounding=Rounding.RND_CONV), 0),
        build(wide, 1),
    ]


SPOILS = {
    "width": ("ap_fixed<9, 6, AP_RND, AP_SAT>", "ap_fixed<8, 5, AP_RND, AP_SAT>"),
    "rounding": ("9, 6, AP_RND, AP_SAT", "9, 6, AP_TRN, AP_SAT"),
    "overflow": ("9, 6, AP_RND, AP_SAT", "9, 6, AP_RND, AP_WRAP"),
    "entries": (" 0, 1, 2, 3,", " 1, 0, 2, 3,"),
}
"""What the right program's C++ says once, and what is wrong there."""


def spoiling(first: int, described: CppFormula) -> str:
    """Emit the C++ of a program; from the one with the number ``first`` on, with a mistake."""
    text, number = emit(described), int(described.struct.removeprefix("formula"))
    if number >= first:
        old, new = list(SPOILS.values())[number - first]
        assert text.count(old) == 1
        text = text.replace(old, new)
    return text


@pytest.fixture(scope="module")
def compiled(tmp_path_factory, mutated):
    """Everything that this module runs, in one translation unit: that is what takes the time."""
    rng = np.random.default_rng(0)
    programs = [random_program(seed) for seed in SEEDS]
    casts = []
    for max_width in (2, 8):
        width = int(rng.integers(4, 9))
        casts += [
            cast_program(FixedType(True, width, 3), every_mode(rng, max_width)),
            cast_program(FixedType(False, width, -2), every_mode(rng, max_width)),
        ]
    everything = [*programs, *casts, *mutated]
    spoilt = [mutated[0]] * len(SPOILS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sr2hls.hls.batch.emit", partial(spoiling, len(everything)))
        functions = compile_programs([*everything, *spoilt], tmp_path_factory.mktemp("cpp"))
    functions, wrong = functions[: len(everything)], functions[len(everything) :]
    return dict(zip(("random", "casts", "mutated", "spoilt"), (
        list(zip(programs, functions, strict=False)),
        list(zip(casts, functions[len(programs):], strict=False)),
        list(zip(mutated, functions[-len(mutated):], strict=True)),
        dict(zip(SPOILS, wrong, strict=True)),
    ), strict=True))  # fmt: skip


def test_random_programs_agree_with_the_interpreter(compiled):
    for seed, (program, function) in zip(SEEDS, compiled["random"], strict=True):
        assert differences(program, function, corner_inputs(program, 5000, seed)) == 0


def test_random_programs_hold_every_operation(compiled):
    seen = {type(op) for program, _ in compiled["random"] for op in program}
    assert seen == set(ops.OPERATIONS)


def test_every_rounding_and_overflow_mode_over_whole_ranges(compiled):
    for program, function in compiled["casts"]:
        assert differences(program, function, whole_range(program.input_types[0])) == 0


def test_a_wrong_width_rounding_or_table_entry_is_caught(compiled):
    (right, function), *wrong = compiled["mutated"]
    raw = corner_inputs(right, 5000, 1)
    assert differences(right, function, raw) == 0
    for program, broken in wrong:
        assert differences(program, broken, raw) == 0
        assert differences(right, broken, raw) > 0


@pytest.mark.parametrize("what", SPOILS)
def test_cpp_that_is_a_little_wrong_is_caught(compiled, what):
    right, _ = compiled["mutated"][0]
    assert differences(right, compiled["spoilt"][what], corner_inputs(right, 5000, 1)) > 0


def test_predict_quantises_like_the_interpreter(compiled):
    program, function = compiled["random"][0]
    X = np.random.default_rng(2).normal(size=(500, program.n_inputs)) * 10
    np.testing.assert_array_equal(function.predict(X), Interpreter(program).predict(X))


@pytest.fixture
def unoptimised(monkeypatch):
    """Nearly all of the time goes into templates: leave the rest out where many programs are compiled."""
    monkeypatch.setattr("sr2hls.hls.compiler.FLAGS", tuple("-O0" if f == "-O2" else f for f in FLAGS))


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("first", range(0, 200, 10))
@pytest.mark.usefixtures("unoptimised")
def test_two_hundred_random_programs(tmp_path, first):
    programs = [random_program(1000 + seed, n_operations=12) for seed in range(first, first + 10)]
    for k, (p, function) in enumerate(zip(programs, compile_programs(programs, tmp_path), strict=True)):
        assert differences(p, function, corner_inputs(p, 5000, first + k)) == 0


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.usefixtures("unoptimised")
def test_wide_types(tmp_path, seed):
    programs = [random_program(seed, max_width=40, n_operations=12), random_program(seed + 50, max_width=64)]
    for program, function in zip(programs, compile_programs(programs, tmp_path), strict=True):
        assert differences(program, function, corner_inputs(program, 5000, seed)) == 0


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.usefixtures("unoptimised")
def test_many_conversions(tmp_path, seed):
    rng = np.random.default_rng(seed)
    sources = [dataclasses.replace(random_type(rng, 8), rounding=Rounding.TRN) for _ in range(8)]
    programs = [cast_program(source, every_mode(rng, (1, 2, 4, 12)[seed % 4])) for source in sources]
    for program, function in zip(programs, compile_programs(programs, tmp_path), strict=True):
        assert differences(program, function, whole_range(program.input_types[0])) == 0


@pytest.mark.slow
def test_the_documented_way_of_copying_bits_means_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("sr2hls.hls.compiler.FLAGS", (*FLAGS, "-DSR2HLS_DOCUMENTED_ONLY"))
    program = random_program(3)
    (function,) = compile_programs([program], tmp_path)
    assert differences(program, function, corner_inputs(program, 5000, 3)) == 0


def simple_program() -> Program:
    t = FixedType(True, 8, 4)
    b = Builder({"a */ evil(); /*": t, "b": FixedType(False, 5, 2, Rounding.RND, Overflow.SAT)})
    product = b.mul(0, 1, origin='"; system("rm"); // \\\n#include "/etc/passwd"')
    table = b.table([1], range(32), FixedType(False, 5, 5), origin="sin(x)\n#error")
    return b.program({"y); evil(": product, "z": table})


def test_names_and_origins_never_reach_the_cpp():
    text = emit(formula(simple_program(), "f"))
    for bad in ("evil", "system", "passwd", "sin", "error", "\\"):
        assert bad not in text


def test_pragmas_follow_the_backend_and_the_dsp_budget():
    vitis = emit(formula(simple_program(), "f", use_dsp=False))
    assert re.search(r"#pragma HLS BIND_OP variable=v\d+e op=mul impl=fabric", vitis)
    assert re.search(r"#pragma HLS BIND_STORAGE variable=v\d+t type=rom_1p impl=lutram", vitis)
    vivado = emit(formula(simple_program(), "f", backend="Vivado", use_dsp=False))
    assert re.search(r"#pragma HLS RESOURCE variable=v\d+e core=Mul_LUT", vivado)
    assert re.search(r"#pragma HLS RESOURCE variable=v\d+t core=ROM_1P_LUTRAM", vivado)
    assert "BIND_" not in vivado
    assert "BIND_OP" not in emit(formula(simple_program(), "f"))
    assert "LATENCY min=0 max=3" in emit(formula(simple_program(), "f", max_latency=3))


def test_inputs_are_quantised_in_hardware_only_when_asked():
    assert "AP_RND, AP_SAT" not in emit(formula(simple_program(), "f"))
    assert "ap_ufixed<5, 2, AP_RND, AP_SAT>" in emit(formula(simple_program(), "f", quantize_inputs=True))


def test_bad_names_and_backends_are_refused():
    with pytest.raises(InputError, match="'a b' is not a C\\+\\+ identifier"):
        formula(simple_program(), "a b")
    with pytest.raises(InputError, match="backend 'Quartus' is not one of Vitis, Vivado"):
        formula(simple_program(), "f", backend="Quartus")


def test_exact_types():
    signed, unsigned = FixedType(True, 5, 2), FixedType(False, 6, 3)
    assert str(ExactType.common([signed, unsigned])) == "ap_fixed<7, 4>"
    assert str(ExactType.common([unsigned, FixedType(False, 2, 5)])) == "ap_ufixed<8, 5>"
    assert literal(-(2**63)) == "(-9223372036854775807LL - 1)"
    assert [native_integer(FixedType(s, w, 0)) for s, w in ((True, 8), (False, 9), (True, 33))] == [
        "signed char", "unsigned short", "long long",
    ]  # fmt: skip
