import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

from sr2hls.baseline.beside import network_hardware
from sr2hls.circuit import synthesise_hls
from sr2hls.errors import InputError, ToolError, VerificationError
from sr2hls.options import CompileOptions, Synthesis
from sr2hls.program.builder import Builder
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.types import FixedType
from sr2hls.provenance import Origin
from sr2hls.synthesis.vendor.cosim import read_cosim
from sr2hls.synthesis.vendor.csynth import read_csynth
from sr2hls.synthesis.vendor.hls_flow import Flow, FlowSteps, commands, find_flow, report_dir
from sr2hls.synthesis.vendor.hls_tool import VendorHls, hardware_report
from sr2hls.synthesis.vendor.launch import Launcher

DATA = Path(__file__).parent / "data"
ALL = FlowSteps(csim=True, synth=True, cosim=True)


def test_commands_of_vivado_hls(make_project):
    project = make_project("Vivado")
    assert commands(Flow.VIVADO_HLS, project, FlowSteps(csim=False, synth=True)) == [
        [
            "vivado_hls",
            "-f",
            "build_prj.tcl",
            "reset=1 csim=0 synth=1 cosim=0 validation=0 export=0 vsynth=0 fifo_opt=0",
        ]
    ]


def test_commands_of_vitis_hls_and_vitis(make_project):
    project = make_project()
    assert commands(Flow.VITIS_HLS, project, ALL) == [["vitis_hls", "-f", "build_prj.tcl"]]
    options = (project.directory / "build_opt.tcl").read_text().split()
    chosen = dict(zip(options[4:-1:2], options[5:-1:2], strict=True))
    assert chosen == {
        "reset": "1", "csim": "1", "synth": "1", "cosim": "1", "validation": "1", "export": "0",
        "vsynth": "0",
        "fifo_opt": "0",
    }  # fmt: skip
    assert commands(Flow.VITIS_RUN, project, FlowSteps()) == [
        ["vitis-run", "--mode", "hls", "--tcl", "build_prj.tcl"]
    ]
    assert "cosim      0" in (project.directory / "build_opt.tcl").read_text()
    assert report_dir(Flow.VITIS_RUN, project) == project.directory / "formula_prj" / "solution1"


def test_the_options_are_those_that_hls4mls_script_reads(make_project):
    """The script that hls4ml wrote knows every option that is set, and no other."""
    project = make_project()
    commands(Flow.VITIS_HLS, project, ALL)
    ours = {line.split()[0] for line in (project.directory / "build_opt.tcl").read_text().splitlines()[1:-1]}
    script = (project.directory / "build_prj.tcl").read_text()
    assert ours == {part.split(")")[0] for part in script.split("$opt(")[1:]}


def test_commands_of_a_vitis_component(make_project):
    project = make_project()
    csim, synth, cosim = commands(Flow.VITIS_COMPONENT, project, ALL)
    assert csim[:4] == ["vitis-run", "--mode", "hls", "--csim"]
    assert synth[:5] == ["v++", "--compile", "--mode", "hls", "--config"]
    assert cosim[3] == "--cosim"
    config = (project.directory / synth[5]).read_text().splitlines()
    assert config[0] == "part=xcvu9p-flga2577-2-e"
    assert {
        "[hls]",
        "clock=5.0ns",
        "syn.top=formula",
        "syn.file=firmware/formula.cpp",
        "tb.file=tb_data",
    } <= set(config)
    assert "tb.cflags=-std=c++0x -DRTL_SIM" in (project.directory / cosim[5]).read_text()
    assert "RTL_SIM" not in (project.directory / csim[5]).read_text()
    for path in ("firmware/formula.cpp", "formula_test.cpp", "tb_data"):
        assert (project.directory / path).exists()
    assert report_dir(Flow.VITIS_COMPONENT, project) == project.directory / "sr2hls_vitis" / "hls"


def test_a_project_of_the_other_backend_is_refused(make_project):
    with pytest.raises(InputError, match="was written for Vitis; 'vivado_hls' needs backend='Vivado'"):
        commands(Flow.VIVADO_HLS, make_project(), FlowSteps())
    with pytest.raises(InputError, match="cosimulation needs the RTL"):
        FlowSteps(synth=False, cosim=True)
    with pytest.raises(InputError, match="nothing to do"):
        FlowSteps(csim=False, synth=False)


def test_the_newest_tool_is_taken(tools):
    tools("vitis_hls", "")
    assert find_flow(Launcher(), "Vitis") is Flow.VITIS_HLS
    tools("vitis-run", "")
    assert find_flow(Launcher(), "Vitis") is Flow.VITIS_RUN
    with pytest.raises(ToolError, match=r"only 'vitis-run' is there, .* write it with backend='Vitis'"):
        find_flow(Launcher(), "Vivado")


def test_without_the_tools_the_message_says_what_to_install(make_project, monkeypatch, tmp_path):
    project = make_project()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "install Vitis" in (VendorHls().missing() or "")
    with pytest.raises(ToolError, match=r"none of vitis-run, v\+\+, vitis_hls is there: install Vitis HLS"):
        VendorHls().run(project)
    with pytest.raises(ToolError, match="none of vivado_hls is there: install Vivado HLS"):
        find_flow(Launcher(), "Vivado")
    with pytest.raises(ToolError, match="'vitis_hls' is not there: put it on PATH"):
        VendorHls(flow=Flow.VITIS_HLS).run(project)


def leave_reports(project, *, cosim: str) -> str:
    """Return shell that leaves real reports of other designs where the tool would leave this one's."""
    solution = project.directory / "formula_prj" / "solution1"
    return (
        f"mkdir -p '{solution}/syn/report' '{solution}/sim/report'\n"
        f"cp '{DATA}/vitis_2024.1_csynth.xml' '{solution}/syn/report/formula_csynth.xml'\n"
        f"cp '{DATA}/{cosim}' '{solution}/sim/report/formula_cosim.rpt'\n"
    )


def test_a_run_reads_what_the_tool_left(make_project, tools):
    project = make_project()
    says = "echo 'SR2HLS: 3 samples, 0 wrong'"
    tools("vitis-run", leave_reports(project, cosim="cosim_one_transaction.rpt") + says)
    run = VendorHls().run(project, ALL)
    assert (run.flow, run.csim_samples) == (Flow.VITIS_RUN, 3)
    assert run.csynth == read_csynth(DATA / "vitis_2024.1_csynth.xml")
    assert run.cosim == read_cosim(DATA / "cosim_one_transaction.rpt")[0]
    assert run.logs[0].read_text() == "SR2HLS: 3 samples, 0 wrong\n"
    report = VendorHls().synthesise(project, cosim=True)
    assert (report.lut.value, report.latency_cycles.value) == (44405, 481388)
    only = VendorHls().run(project, FlowSteps(csim=False))
    assert (only.csim_samples, only.cosim) == (None, None)


def test_cosimulation_is_asked_for_by_its_name(make_project, tools):
    project = make_project()
    says = "echo 'SR2HLS: 3 samples, 0 wrong'\ncat build_opt.tcl"
    tools("vitis-run", leave_reports(project, cosim="cosim_one_transaction.rpt") + says)
    raw = np.array([[1, 2], [3, 4], [-32, -32]])
    expected = Interpreter(project.program).run(raw)
    report, agreed = synthesise_hls(project, project.program, raw, expected, cosim=True)
    assert [a.executor for a in agreed] == ["C simulation (vitis-run)", "RTL cosimulation (vitis-run)"]
    assert report.latency_cycles.provenance.step == "cosimulation"
    report, agreed = synthesise_hls(project, project.program, raw, expected)
    assert [a.executor for a in agreed] == ["C simulation (vitis-run)"]
    assert report.latency_cycles.provenance.step == "C synthesis"
    assert Synthesis("vitis-cosim").takes_hls and not Synthesis("vivado-routed").takes_hls


def test_the_testbench_is_what_csim_runs(make_project, tools):
    """C simulation is a compiler run on the testbench; the fixture does just that, with the open headers."""
    project = make_project()
    build = "g++ -std=c++0x -w -Ifirmware/ap_types -I. formula_test.cpp firmware/formula.cpp -o tb && ./tb"
    tools("vitis-run", build)
    with pytest.raises(ToolError, match=r"left no report '.*formula_csynth.xml'"):
        VendorHls().run(project)
    vectors = project.directory / "tb_data" / "sr2hls_vectors.dat"
    vectors.write_text(vectors.read_text().replace("3 4 12", "3 4 13"))
    with pytest.raises(VerificationError, match=r"simulation of 'formula' differs .* in 1 of 3 samples"):
        VendorHls().run(project)


def test_a_failed_cosimulation_is_no_failure_of_the_tool(make_project, tools):
    project = make_project()
    body = leave_reports(project, cosim="vitis_2023.1_cosim_failed.rpt") + "echo 'SR2HLS: 3 samples, 0 wrong'"
    tools("vitis-run", body)
    with pytest.raises(VerificationError, match=r"the cosimulation of 'formula' failed: see '.*_cosim.rpt'"):
        VendorHls().run(project, ALL)
    tools("vitis-run", body + "\nexit 1")
    with pytest.raises(VerificationError, match="the cosimulation of 'formula' failed"):
        VendorHls().run(project, ALL)


def test_missing_vectors_and_verdicts_are_reported(make_project, tools):
    tools("vitis-run", "echo done")
    with pytest.raises(ToolError, match="has no vectors to simulate with: write them with write_vectors"):
        VendorHls().run(make_project(vectors=False))
    project = make_project()
    with pytest.raises(ToolError, match="C simulation ended without a verdict"):
        VendorHls().run(project)
    tools("vitis-run", "echo 'ERROR: [Common 17-345] A valid license was not found'; exit 1")
    with pytest.raises(ToolError, match="'vitis-run' has no licence for this"):
        VendorHls().run(project)


def test_the_hardware_report_tells_facts_from_the_tools_estimates():
    csynth = read_csynth(DATA / "vivado_hls_2019.2_csynth.xml")
    report = hardware_report(csynth)
    assert (report.lut.value, report.bram.value, report.dsp.value) == (33365, 142.5, 118)
    assert report.lut.provenance.origin is Origin.ESTIMATED
    assert report.lut.provenance.source == "Vivado HLS 2019.2.1's estimate"
    assert report.latency_cycles.value == 96165
    assert report.latency_ns.value == 96165 * 5
    assert report.latency_cycles.provenance.origin is Origin.MEASURED
    assert report.fmax_mhz.value == pytest.approx(1000 / 4.429)
    assert report.carry is None
    (cosim,) = read_cosim(DATA / "cosim_one_transaction.rpt")
    simulated = hardware_report(csynth, cosim)
    assert simulated.latency_cycles.value == 481388
    assert simulated.latency_cycles.provenance.step == "cosimulation"
    assert simulated.ii.value == 95949  # a single transaction has no interval
    nothing = dataclasses.replace(csynth, latency_max=None, estimated_clock_ns=None)
    assert hardware_report(nothing).latency_ns is None
    assert hardware_report(nothing).fmax_mhz is None


@pytest.mark.vendor
def test_with_a_real_tool(make_project):
    if VendorHls().missing():
        pytest.skip("no HLS tool of AMD's")
    for backend in ("Vitis", "Vivado"):
        project = make_project(backend)
        try:
            flow = find_flow(Launcher(), backend)
        except ToolError:
            shutil.rmtree(project.directory)
            continue
        run = VendorHls(flow=flow).run(project, ALL)
        assert run.csim_samples == 3
        assert run.cosim.passed
        assert run.csynth.interval_max == 1


def test_the_network_goes_through_the_same_hls_tool(tools, tmp_path, monkeypatch):
    options = CompileOptions(checkpoint=Path("n.onnx"), data=Path("d.npz"), output=tmp_path)
    directory = tmp_path / "hls"
    report = directory / "network_prj" / "solution1" / "syn" / "report"
    tools(
        "vitis_hls",
        f"grep -q 'csim *0' build_opt.tcl && mkdir -p '{report}' && "
        f"cp '{DATA}/vitis_2023.1_csynth.xml' '{report}/network_csynth.xml'",
    )
    monkeypatch.setenv("SR2HLS_VENDOR_SETTINGS", "")
    directory.mkdir()
    b = Builder({"a": FixedType(True, 6, 3)})
    found = network_hardware(b.program({"y": b.neg(b["a"])}), directory, options)
    assert found.tool == "amd-hls" and found.version.startswith("2023.1")
    assert found.lut is not None and found.lut.provenance.origin is Origin.ESTIMATED
