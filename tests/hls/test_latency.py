import statistics
import sys
from pathlib import Path

import pytest

from sr2hls.hls.latency import ERROR, estimate_latency, schedule_program
from sr2hls.hls.schedule import OperatorKind, ScheduledNode, delay_ns, schedule
from sr2hls.program.builder import Builder
from sr2hls.program.ops import Predicate
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.provenance import Origin
from sr2hls.target import Budget, Target
from sr2hls.verify.random_programs import random_program

sys.path.insert(0, str(Path(__file__).parent))
from published import comparison

T16 = FixedType(True, 16, 6)


def test_published_designs_are_met_within_the_stated_error():
    rows = comparison()
    errors = [abs(model - published) for _, _, published, model in rows]
    assert len(rows) == 12
    assert max(errors) <= 2
    stated = (
        f"{statistics.mean(errors):.1f} cycles on average, at most {max(errors)}, on {len(rows)} published"
    )
    assert ERROR.startswith(stated)


# Delays that Vivado HLS 2020.1 prints for xcvu9p-flga2577-2-e in the schedules of those designs.
PRINTED = [
    (ScheduledNode(OperatorKind.ADD, (), 10), 0.72),
    (ScheduledNode(OperatorKind.ADD, (), 14), 0.76),
    (ScheduledNode(OperatorKind.ADD, (), 17), 0.785),
    (ScheduledNode(OperatorKind.ADD, (), 25), 0.83),
    (ScheduledNode(OperatorKind.ADD, (), 46), 0.95),
    (ScheduledNode(OperatorKind.ADD, (), 56), 1.04),
    (ScheduledNode(OperatorKind.MUL, (), 12, (8, 8)), 1.55),
    (ScheduledNode(OperatorKind.MUL, (), 18, (10, 10)), 1.70),
    (ScheduledNode(OperatorKind.MUL, (), 26, (16, 11)), 2.53),
    (ScheduledNode(OperatorKind.MUL, (), 46, (39, 16)), 3.31),
    (ScheduledNode(OperatorKind.MUL, (), 46, (40, 16)), 3.38),
    (ScheduledNode(OperatorKind.COMPARE, (), 14), 0.65),
    (ScheduledNode(OperatorKind.SELECT, (), 14), 0.34),
    (ScheduledNode(OperatorKind.ROM, (), 11), 1.15),
]


@pytest.mark.parametrize(("node", "ns"), PRINTED)
def test_delays_are_the_tools(node, ns):
    assert delay_ns(node) == pytest.approx(ns, abs=0.1)


def cycles(clock_ns: float, build) -> int:
    b = Builder({"a": T16, "b": T16, "c": T16, "d": T16})
    return schedule_program(b.program({"y": build(b)}), clock_ns, 0.125 * clock_ns).latency_cycles


def test_independent_operations_take_no_longer_than_one():
    assert cycles(5.0, lambda b: b.mul(0, 1, T16)) == 0
    both = cycles(5.0, lambda b: b.add(b.mul(0, 1, T16), b.mul(2, 3, T16), T16))
    chain = cycles(5.0, lambda b: b.mul(b.mul(0, 1, T16), b.mul(2, 3, T16), T16))
    assert (both, chain) == (0, 1)


def test_a_faster_clock_needs_more_cycles():
    def cube(b):
        return b.mul(b.mul(b.mul(0, 0, T16), 0, T16), 1, T16)

    found = [cycles(clock, cube) for clock in (20.0, 10.0, 5.0, 3.0)]
    assert found == sorted(found)
    assert found[0] == 0
    assert found[-1] >= 2


def test_tables_take_a_cycle_and_constants_none():
    b = Builder({"a": FixedType(True, 6, 3)})
    table = b.table([0], range(64), FixedType(False, 6, 6))
    program = b.program({"y": table})
    assert schedule_program(program, 5.0, 0.6).latency_cycles == 1
    b = Builder({"a": FixedType(True, 6, 3)})
    program = b.program({"y": b.mul(0, b.constant(8, 0)), "z": b.constant(3, 0)})
    placed = schedule_program(program, 5.0, 0.6)
    assert (placed.latency_cycles, placed.longest_ns) == (0, 0.0)


def test_rounding_and_saturation_cost_time():
    slow = FixedType(True, 16, 6, Rounding.RND_CONV, Overflow.SAT)

    def longest(type_):
        b = Builder({"a": T16, "b": T16})
        return schedule_program(b.program({"y": b.mul(0, 1, type_)}), 20.0, 0.0).longest_ns

    assert longest(slow) > longest(T16) + 1.0


def test_every_operation_has_a_place():
    b = Builder({"a": T16, "b": T16})
    condition = b.compare(Predicate.LT, 0, 1)
    picked = b.select(condition, b.abs(0), b.neg(1))
    program = b.program(
        {
            "y": b.div(picked, b.max(0, 1), FixedType(True, 12, 4)),
            "z": b.argmax([0, 1, picked]),
        }
    )
    # The dividend: 18 bits, shifted by 17, and 3 more cycles.
    assert schedule_program(program, 5.0, 0.6).latency_cycles > 20
    for seed in range(20):
        program = random_program(seed)
        placed = schedule_program(program, 5.0, 0.6)
        assert 0 <= placed.latency_cycles < 200
        assert placed.longest_ns <= 4.4


def test_the_estimate_says_where_it_comes_from():
    b = Builder({"a": T16, "b": T16})
    program = b.program({"y": b.mul(b.mul(0, 1, T16), 1, T16)})
    estimate = estimate_latency(program, Target(), backend="Vivado")
    assert (estimate.cycles, estimate.ii) == (1, 1)
    figure = estimate.figures(5.0)["latency_ns"]
    assert figure.value == 5.0
    assert figure.provenance.origin is Origin.ESTIMATED
    assert "on 12 published designs" in str(figure.provenance)
    slower = estimate_latency(program, Target(clock_ns=2.0))
    assert slower.cycles > estimate.cycles
    in_luts = estimate_latency(program, Target(budget=Budget(max_dsp=0)), backend="Vivado")
    assert in_luts.longest_ns != estimate.longest_ns


def test_other_families_have_no_estimate():
    b = Builder({"a": T16})
    program = b.program({"y": b.neg(0)})
    assert estimate_latency(program, Target(part="xc7z020-clg400-1")) is None


def test_two_chained_adders_become_one_of_three_operands():
    def chain(n):
        nodes = [ScheduledNode(OperatorKind.WIRE)]
        for k in range(n):
            nodes.append(ScheduledNode(OperatorKind.ADD, (k, 0), 46))
        return schedule(nodes, [n], 20.0, 0.0).longest_ns

    # As in state 5 of the 16-bit polynomials: one adder, then four pairs of 0.77 to 0.81 ns.
    assert chain(2) == pytest.approx(0.785)
    assert chain(8) == pytest.approx(4 * 0.785)
