"""Blocks of a program, and the size and delay predicted from them."""

import numpy as np
import pytest

from sr2hls.program import ops
from sr2hls.program.blocks import AreaFeature, PathFeature, blocks_of
from sr2hls.program.builder import Builder
from sr2hls.program.predict import ProgramModel, area_features, path_features, program_model
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.provenance import Origin, Provenance

RNG = np.random.default_rng(0)


def six(b: Builder, k: int, out: int = 6) -> int:
    width = b.type(k).width
    return b.table([k], RNG.integers(0, 1 << out, 1 << width), FixedType(False, out, out))


def features(program: Program) -> dict[AreaFeature, float]:
    found = area_features(blocks_of(program))
    return {kind: float(found[kind]) for kind in AreaFeature if found[kind]}


def test_tables_of_six_bits_take_a_lut_an_output_bit() -> None:
    b = Builder({"x": FixedType(True, 6, 6)})
    assert features(b.program({"y": six(b, 0, 8)})) == {AreaFeature.SMALL_TABLE: 8}


def test_small_tables_are_part_of_the_adders_that_read_them() -> None:
    b = Builder({f"x{k}": FixedType(False, 5, 5) for k in range(3)})
    tables = [six(b, k) for k in range(3)]
    found = features(b.program({"y": b.sum(tables)}))
    # The first is what the chain begins with; the other two ride in the adders' LUTs.
    assert found[AreaFeature.SMALL_TABLE] == 6
    assert found[AreaFeature.ABSORBING] == 6 + 6 and AreaFeature.ADDER not in found
    b = Builder({f"x{k}": FixedType(False, 6, 6) for k in range(3)})
    found = features(b.program({"y": b.sum([six(b, k) for k in range(3)])}))
    # Above the six bits of an unsigned operand the carry alone runs on.
    assert found == {AreaFeature.SMALL_TABLE: 18, AreaFeature.ADDER: 6 + 6}


def test_long_sums_are_made_in_chains_that_begin_with_a_table() -> None:
    b = Builder({f"x{k}": FixedType(False, 5, 5) for k in range(12)})
    found = features(b.program({"y": b.sum([six(b, k) for k in range(12)])}))
    # Two chains of six in six adders' time; in one chain there would be eleven adders, a stage more.
    assert (
        found[AreaFeature.SMALL_TABLE] == 2 * 6
        and found[AreaFeature.ABSORBING] == 10 * 6
        and AreaFeature.ADDER in found
    )


def test_products_squares_constants_and_choices() -> None:
    b = Builder({"x": FixedType(True, 8, 8), "y": FixedType(True, 8, 8)})
    # Three rows of two bits each, one of a bit, that of the sign, and the multiple 3a.
    rows = 3 * 10 + 8 + 8 + 9
    assert features(b.program({"p": b.mul(0, 1)})) == {AreaFeature.PRODUCT: rows}
    assert features(b.program({"p": b.mul(0, 0)})) == {AreaFeature.SQUARE: rows}
    by_85 = features(b.program({"p": b.mul(0, b.constant(85, 0))}))
    assert by_85 == {AreaFeature.CONSTANT_PRODUCT: 3 * 15}
    assert features(b.program({"p": b.max(0, 1)})) == {AreaFeature.COMPARE: 8, AreaFeature.CHOICE: 8}
    equal = b.compare(ops.Predicate.EQ, 0, 1)
    assert features(b.program({"p": equal})) == {AreaFeature.COMPARE: 4}


def test_rounding_and_bounding_are_counted_apart() -> None:
    b = Builder({"x": FixedType(True, 12, 6)})
    rounded = b.push(ops.Cast(args=(0,), type=FixedType(True, 9, 7, Rounding.RND, Overflow.WRAP)))
    assert features(b.program({"y": rounded})) == {AreaFeature.ROUNDING: 9}
    bounded = b.push(ops.Cast(args=(0,), type=FixedType(True, 8, 2, Rounding.TRN, Overflow.SAT)))
    assert set(features(b.program({"y": bounded}))) == {AreaFeature.BOUNDING}
    cut = b.push(ops.Cast(args=(0,), type=FixedType(True, 8, 6, Rounding.TRN, Overflow.WRAP)))
    assert features(b.program({"y": cut})) == {}


def test_bits_that_wrap_around_take_no_adder() -> None:
    b = Builder({"x": FixedType(True, 8, 8), "y": FixedType(True, 8, 8)})
    whole = features(b.program({"s": b.add(0, 1)}))
    low = features(b.program({"s": b.add(0, 1, FixedType(True, 4, 4))}))
    assert whole[AreaFeature.ADDER] == 9 and low[AreaFeature.ADDER] == 4


def test_the_longest_path_counts_and_not_the_sum() -> None:
    model = program_model()
    names = {f"x{k}": FixedType(True, 8, 4) for k in range(8)}
    b = Builder(names)
    one = b.program({"y": b.mul(0, 1)})
    side = b.program({f"y{k}": b.mul(2 * k, 2 * k + 1) for k in range(4)})
    chain = b.program({"y": b.mul(b.mul(b.mul(0, 1), 2), 3)})
    assert model.luts(side) == pytest.approx(4 * model.luts(one))
    assert model.delay_ns(side) < 1.5 * model.delay_ns(one) < model.delay_ns(chain)
    ns = np.ones(len(PathFeature))
    path = path_features(blocks_of(chain), chain, ns)
    assert path[PathFeature.PRODUCTS] == 3 and path[PathFeature.REGISTERS] == 1


def test_the_delay_is_the_features_times_the_coefficients() -> None:
    where = Provenance(Origin.ESTIMATED, "made up")
    ns = tuple(float(v) for v in np.arange(1, len(PathFeature) + 1) / 7)
    model = ProgramModel((1.0,) * len(AreaFeature), ns, 0.0, where, where, 1.0, "")
    b = Builder({f"x{k}": FixedType(True, 7, 4) for k in range(4)})
    total = b.sum([six(b, k) for k in range(4)])
    program = b.program({"y": b.max(b.mul(total, 0), 1)})
    blocks = blocks_of(program)
    expected = path_features(blocks, program, np.array(ns)) @ np.array(ns)
    assert model.delay_ns(program) == pytest.approx(float(expected))
    assert model.luts(program) == pytest.approx(float(area_features(blocks).sum()))


def test_figures_say_where_they_come_from_and_how_far_off_they_may_be() -> None:
    b = Builder({"x": FixedType(True, 8, 8), "y": FixedType(True, 8, 8)})
    lut, delay = program_model().predict(b.program({"p": b.mul(0, 1)}))
    assert 40 < lut.value < 120 and 3 < delay.value < 30 and delay.unit == "ns"
    for figure in (lut, delay):
        assert figure.provenance.origin is Origin.ESTIMATED
        assert figure.provenance.error is not None and "never saw" in figure.provenance.error
    assert delay.provenance.step == "place and route"
