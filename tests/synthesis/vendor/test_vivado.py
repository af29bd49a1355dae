import subprocess
from pathlib import Path

import pytest

from sr2hls.circuit import synthesise
from sr2hls.errors import InputError, ToolError
from sr2hls.options import Synthesis
from sr2hls.program.builder import Builder
from sr2hls.program.types import FixedType
from sr2hls.provenance import Origin
from sr2hls.rtl.project import write_rtl
from sr2hls.synthesis.base import HdlDesign
from sr2hls.synthesis.vendor.vivado import Vivado, tcl_quote, write_script
from sr2hls.target import Target

tkinter = pytest.importorskip("tkinter", reason="the scripts are run by a Tcl interpreter")

DATA = Path(__file__).parent / "data"
TARGET = Target()


@pytest.fixture
def design(tmp_path):
    source = tmp_path / "my rtl [v2]" / "top.v"
    source.parent.mkdir()
    source.write_text("module top(input clk); endmodule\n")
    package = tmp_path / "tables.vhd"
    package.write_text("-- nothing\n")
    return HdlDesign(top="top", sources=(source, package), latency_cycles=3, ii=1)


def leave_reports(stage: str) -> str:
    return (
        f"cp '{DATA}/vivado_2021.2_utilization_routed.rpt' {stage}_utilization.rpt\n"
        f"cp '{DATA}/vivado_2021.2_timing_routed.rpt' {stage}_timing.rpt\n"
        'echo "$@"'
    )


def test_script(design, tmp_path):
    text = write_script(design, TARGET, tmp_path, dsp=False, implement=True).read_text()
    assert f'read_verilog "{tmp_path}/my rtl \\[v2\\]/top.v"' in text
    assert f'read_vhdl -vhdl2008 "{tmp_path}/tables.vhd"' in text
    assert "-mode out_of_context -flatten_hierarchy full -max_dsp 0" in text
    assert text.index("synth_design") < text.index("place_design") < text.index("route_design")
    assert "implementation_timing.rpt" in text
    constraint = (tmp_path / "clock.xdc").read_text()
    assert constraint == 'create_clock -name clk -period 5.0 [get_ports "clk"]\n'
    text = write_script(design, TARGET, tmp_path, dsp=True, implement=False).read_text()
    assert "max_dsp" not in text
    assert "place_design" not in text


def test_the_script_is_tcl_that_calls_vivado_with_these_words(design, tmp_path):
    """A real Tcl interpreter runs it, with Vivado's commands replaced by ones that note their words."""
    script = write_script(design, TARGET, tmp_path, dsp=True, implement=True)
    tcl = tkinter.Tcl()
    tcl.eval("set calls {}; proc exit {} {}")
    text = script.read_text()
    for name in {line.split()[0] for line in text.splitlines() if line and not line.startswith("set ")} - {
        "exit"
    }:
        tcl.eval(f"proc {name} args {{ lappend ::calls [list {name} {{*}}$args] }}")
    tcl.eval(text)
    calls = [tcl.splitlist(call) for call in tcl.splitlist(tcl.eval("set calls"))]
    assert calls[0] == ("read_verilog", str(design.sources[0]))
    assert ("synth_design", "-top", "top", "-part", TARGET.part, "-mode", "out_of_context",
            "-flatten_hierarchy", "full") in calls  # fmt: skip


@pytest.mark.parametrize("text", ["a b", "[exec rm]", "$env(HOME)", 'x"; puts y', "{", "back\\slash", "; #"])
def test_quoting_keeps_any_text_one_word(text):
    tcl = tkinter.Tcl()
    assert tcl.splitlist(tcl.eval(f"list {tcl_quote(text)}")) == (text,)


def test_control_characters_are_refused():
    with pytest.raises(InputError, match="control character"):
        tcl_quote("a\nexec rm")


def test_sources_that_vivado_cannot_read_are_refused(tmp_path):
    design = HdlDesign(top="top", sources=(tmp_path / "missing.v",))
    with pytest.raises(InputError, match=r"the source '.*missing.v' of 'top' is missing"):
        write_script(design, TARGET, tmp_path, dsp=True, implement=False)
    (tmp_path / "a.json").touch()
    with pytest.raises(InputError, match=r"'.*a.json' is neither Verilog"):
        write_script(
            HdlDesign(top="top", sources=(tmp_path / "a.json",)), TARGET, tmp_path, dsp=True, implement=False
        )


def test_the_reports_become_figures_with_sources(design, tmp_path, tools):
    tools("vivado", leave_reports("implementation"))
    report = Vivado(implement=True, work_dir=tmp_path / "work").synthesise(design, TARGET)
    assert (report.tool, report.version, report.step) == ("vivado", "2021.2", "place and route")
    assert report.lut.value == 720
    assert report.lut.provenance.source == "Vivado 2021.2, LUT cells added up (on 429 LUT sites)"
    assert (report.ff.value, report.dsp.value, report.carry.value, report.bram.value) == (299, 3, 18, 0)
    assert report.uram is None
    assert report.critical_path_ns.value == pytest.approx(2.779)
    assert report.fmax_mhz.value == pytest.approx(1000 / 2.779)
    assert report.fmax_mhz.provenance.origin is Origin.MEASURED
    assert (report.latency_cycles.value, report.latency_ns.value, report.ii.value) == (3, 15, 1)
    said = (tmp_path / "work" / "vivado.log.txt").read_text()
    assert said == "-mode batch -nojournal -nolog -notrace -source sr2hls_ooc.tcl\n"


@pytest.mark.parametrize(
    ("synthesis", "stage"), [("vivado", "synthesis"), ("vivado-routed", "implementation")]
)
def test_place_and_route_is_asked_for_by_its_name(synthesis, stage, tmp_path, tools):
    tools("vivado", leave_reports(stage))
    b = Builder({"a": FixedType(True, 6, 3)})
    program = b.program({"y": b.add(b["a"], b["a"])})
    rtl = write_rtl(program, tmp_path / "rtl", target=TARGET, name="top")
    report = synthesise(Synthesis(synthesis), rtl, TARGET)
    # They are found only under the name of the stage; what is recorded is a routed design, for either.
    assert report.tool == "vivado" and report.lut.value == 720


def test_failures(design, tmp_path, tools, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tools("vivado", leave_reports("implementation"))
    with pytest.raises(ToolError, match=r"Vivado ended without its reports: cannot read .*synthesis_util"):
        Vivado(work_dir=tmp_path / "work").synthesise(design, TARGET)
    tools("vivado", "echo 'ERROR: [Common 17-345] A valid license was not found for feature'; exit 1")
    with pytest.raises(ToolError, match=r"'vivado' has no licence .*: see '.*sr2hls_vivado_top.log'"):
        Vivado().synthesise(design, TARGET)
    assert "17-345" in (tmp_path / "sr2hls_vivado_top.log").read_text()
    tools("vivado", "sleep 30")
    with pytest.raises(ToolError, match=r"'vivado' did not finish within 0\.5 s and was stopped"):
        Vivado(work_dir=tmp_path / "work").synthesise(design, TARGET, timeout_s=0.5)


def test_without_vivado(design, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "install Vivado" in Vivado().missing()
    with pytest.raises(ToolError, match="'vivado' is not there: install Vivado"):
        Vivado().synthesise(design, TARGET)


@pytest.mark.vendor
def test_with_a_real_vivado(tmp_path):
    if Vivado().missing():
        pytest.skip("no Vivado")
    source = tmp_path / "top.v"
    source.write_text(
        "module top(input clk, input [7:0] a, b, output reg [15:0] y);"
        " reg [7:0] c, d; always @(posedge clk) begin c <= a; d <= b; y <= c * d; end endmodule\n"
    )
    report = Vivado(implement=True).synthesise(HdlDesign("top", (source,)), TARGET, dsp=False)
    assert report.lut.value > 20
    assert report.dsp.value == 0
    assert subprocess.run(["vivado", "-version"]).returncode == 0
