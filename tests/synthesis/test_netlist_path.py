"""The longest path of a netlist: on cells written by hand, and on what Yosys maps."""

from pathlib import Path
from typing import Any

import pytest

from sr2hls.errors import ToolError
from sr2hls.program.builder import Builder
from sr2hls.program.types import FixedType
from sr2hls.provenance import Figure, Origin, Provenance
from sr2hls.rtl.project import write_rtl
from sr2hls.synthesis.base import HdlDesign
from sr2hls.synthesis.hardware_report import HardwareReport
from sr2hls.synthesis.level_delays import ULTRASCALE_PLUS, LevelDelays
from sr2hls.synthesis.netlist_path import longest_path
from sr2hls.synthesis.yosys import Yosys
from sr2hls.target import Target

DELAYS = LevelDelays(lut_ns=100.0, carry_ns=10.0, bit_ns=1.0, mux_ns=1000.0, register_ns=0.5)


def cell(kind: str, into: dict[str, list[Any]], out: dict[str, list[Any]]) -> dict[str, Any]:
    directions = dict.fromkeys(into, "input") | dict.fromkeys(out, "output")
    return {"type": kind, "connections": into | out, "port_directions": directions}


def module(*cells: dict[str, Any], output: int) -> dict[str, Any]:
    ports = {"y": {"direction": "output", "bits": [output]}}
    return {"ports": ports, "cells": {str(k): c for k, c in enumerate(cells)}}


def test_luts_add_up_and_registers_end_a_path() -> None:
    found = longest_path(
        module(
            cell("LUT2", {"I0": [2], "I1": [3]}, {"O": [4]}),
            cell("LUT1", {"I0": [4]}, {"O": [5]}),
            cell("FDRE", {"C": [1], "D": [5], "R": ["0"]}, {"Q": [6]}),
            cell("LUT1", {"I0": [6]}, {"O": [7]}),
            cell("$scopeinfo", {}, {}),
            output=7,
        ),
        DELAYS,
    )
    assert found is not None
    assert (found.luts, found.levels, found.ns) == (2, 2, 200.5)


def chain(source: int, width: int = 4) -> dict[str, Any]:
    """Return a carry whose lowest S comes from a net, and whose outputs are the nets from 100."""
    s = [source, *["0"] * (width - 1)]
    out = {"CO": list(range(200, 200 + width)), "O": list(range(100, 100 + width))}
    return cell(f"CARRY{width}", {"CI": ["0"], "CYINIT": ["0"], "DI": ["0"] * width, "S": s}, out)


@pytest.mark.parametrize(("output", "bits"), [(100, 0), (101, 1), (103, 3), (200, 0), (203, 3)])
def test_a_carry_is_entered_once_and_runs_bit_by_bit(output: int, bits: int) -> None:
    lut = cell("LUT1", {"I0": [2]}, {"O": [3]})
    found = longest_path(module(lut, chain(3), output=output), DELAYS)
    assert found is not None
    assert (found.luts, found.carries, found.bits) == (1, 1, bits)


def test_what_enters_a_carry_from_no_lut_passes_one() -> None:
    found = longest_path(module(chain(2, 8), output=107), DELAYS)
    assert found is not None
    assert (found.luts, found.carries, found.bits) == (1, 1, 7)


def test_a_carry_goes_on_in_the_next_cell() -> None:
    lut = cell("LUT1", {"I0": [2]}, {"O": [3]})
    above = chain(4)
    above["connections"] |= {"CI": [203], "O": [300, 301, 302, 303], "CO": [400, 401, 402, 403]}
    above["connections"]["S"] = ["0"] * 4
    found = longest_path(module(lut, chain(3), above, output=303), DELAYS)
    assert found is not None
    assert (found.luts, found.carries, found.bits) == (1, 1, 7)


def test_the_choice_of_a_multiplexer_comes_over_a_wire() -> None:
    mux = cell("MUXF7", {"I0": ["0"], "I1": ["0"], "S": [2]}, {"O": [3]})
    found = longest_path(module(mux, output=3), DELAYS)
    assert found is not None
    assert (found.luts, found.muxes) == (1, 1)


def test_a_cell_of_unknown_delay_gives_no_path() -> None:
    assert longest_path(module(cell("DSP48E2", {"A": [2]}, {"P": [3]}), output=3), DELAYS) is None


def test_gates_that_feed_themselves_are_refused() -> None:
    loop = [cell("LUT1", {"I0": [3]}, {"O": [2]}), cell("LUT1", {"I0": [2]}, {"O": [3]})]
    with pytest.raises(ToolError, match="feeds itself"):
        longest_path(module(*loop, output=3), DELAYS)


def test_yosys_gives_the_path_of_its_netlist(tmp_path: Path) -> None:
    type_ = FixedType(True, 8, 8)
    build = Builder(dict.fromkeys("abc", type_))
    total = build.add(build.add(build["a"], build["b"]), build["c"])
    project = write_rtl(build.program({"y": total}), tmp_path / "rtl", target=Target())
    found = Yosys().synthesise(HdlDesign.of(project), Target(clock_ns=0.5), dsp=False)
    path, levels = found.critical_path_ns, found.levels
    assert path is not None and levels is not None and found.latency_ns is not None
    # Two adders one after the other: a LUT and a carry each.
    assert levels.value == 4
    assert path.value == pytest.approx(2.0 + ULTRASCALE_PLUS.register_ns, abs=0.5)
    assert path.provenance.origin is Origin.ESTIMATED
    assert "levels of the mapped netlist" in path.provenance.source
    assert found.meets_clock is False
    assert found.latency_ns.value == pytest.approx(path.value)


def test_used_luts_are_those_of_shift_registers_too() -> None:
    def count(value: int) -> Figure:
        return Figure(value, "", Provenance(Origin.MEASURED, "Yosys"))

    report = HardwareReport("top", "yosys", "0.70", "xcvu9p", "synthesis", lut=count(467), srl=count(9))
    assert report.used_luts is not None
    assert report.used_luts.value == 476
    assert report.meets_clock is None
