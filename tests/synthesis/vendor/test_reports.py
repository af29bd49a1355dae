import shutil
from pathlib import Path

import pytest
from hls4ml.report.vivado_report import parse_vivado_report

from sr2hls.errors import InputError
from sr2hls.synthesis.vendor.cosim import read_cosim
from sr2hls.synthesis.vendor.csynth import read_csynth
from sr2hls.synthesis.vendor.records import CosimReport, CsynthReport, Resources, TimingReport
from sr2hls.synthesis.vendor.vivado_reports import read_timing, read_utilization

DATA = Path(__file__).parent / "data"

TRIGGER = CsynthReport(
    tool="Vitis HLS", version="2024.1", top="Topo2A_AD_proj", part="xcvu9p-flga2104-2-e",
    family="virtexuplus",
    target_clock_ns=25.0, clock_uncertainty_ns=6.75, estimated_clock_ns=17.294,
    latency_min=0, latency_avg=None, latency_max=0, interval_min=1, interval_max=1, pipeline="yes",
    used=Resources(lut=44405, ff=838, dsp=42, bram_18k=0, uram=0),
    available=Resources(lut=1182240, ff=2364480, dsp=6840, bram_18k=4320, uram=960),
)  # fmt: skip
RFSOC = CsynthReport(
    tool="Vitis HLS", version="2023.1", top="myproject", part="xczu49dr-ffvf1760-2-e",
    family="zynquplusRFSOC",
    target_clock_ns=5.0, clock_uncertainty_ns=1.35, estimated_clock_ns=3.649,
    latency_min=695, latency_avg=None, latency_max=695, interval_min=578, interval_max=578,
    pipeline="dataflow",
    used=Resources(lut=339116, ff=65881, dsp=29, bram_18k=332, uram=0),
    available=Resources(lut=425280, ff=850560, dsp=4272, bram_18k=2160, uram=80),
)  # fmt: skip
ZYNQ = CsynthReport(
    tool="Vivado HLS", version="2019.2.1", top="myproject", part="xc7z020-clg400-1", family="zynq",
    target_clock_ns=5.0, clock_uncertainty_ns=0.62, estimated_clock_ns=4.429,
    latency_min=96014, latency_avg=None, latency_max=96165, interval_min=4625, interval_max=95949,
    pipeline="dataflow",
    used=Resources(lut=33365, ff=51414, dsp=118, bram_18k=285, uram=0),
    available=Resources(lut=53200, ff=106400, dsp=220, bram_18k=280, uram=0),
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "expected"),
    [("vitis_2024.1", TRIGGER), ("vitis_2023.1", RFSOC), ("vivado_hls_2019.2", ZYNQ)],
)
def test_every_number_of_real_csynth_reports(name, expected):
    assert read_csynth(DATA / f"{name}_csynth.rpt") == expected
    # The XML has the average latency, and not the tool's name.
    from_xml = read_csynth(DATA / f"{name}_csynth.xml")
    for field in CsynthReport.__dataclass_fields__:
        if field not in ("tool", "latency_avg"):
            assert getattr(from_xml, field) == getattr(expected, field), field
    assert from_xml.tool is None
    assert from_xml.latency_avg == expected.latency_min


@pytest.mark.parametrize(
    ("name", "top"),
    [("vitis_2024.1", "Topo2A_AD_proj"), ("vitis_2023.1", "myproject"), ("vivado_hls_2019.2", "myproject")],
)
def test_hls4mls_own_reader_says_the_same_of_c_synthesis(name, top, tmp_path):
    """It has strings, reads whole project folders and no .rpt: hence readers of our own."""
    reports = tmp_path / f"{top}_prj" / "solution1" / "syn" / "report"
    reports.mkdir(parents=True)
    (tmp_path / "project.tcl").write_text(f'set project_name "{top}"\nset backend "vitis"\n')
    (tmp_path / f"{top}_prj" / "hls.app").write_text(
        '<AutoPilot:project xmlns:AutoPilot="com.autoesl.autopilot.project">'
        '<solutions><solution name="solution1"/></solutions></AutoPilot:project>'
    )
    shutil.copy(DATA / f"{name}_csynth.xml", reports / f"{top}_csynth.xml")
    theirs = parse_vivado_report(str(tmp_path))["CSynthesisReport"]
    ours = read_csynth(DATA / f"{name}_csynth.xml")
    assert float(theirs["TargetClockPeriod"]) == ours.target_clock_ns
    assert float(theirs["EstimatedClockPeriod"]) == ours.estimated_clock_ns
    for key, value in (
        ("BestLatency", ours.latency_min),
        ("WorstLatency", ours.latency_max),
        ("IntervalMin", ours.interval_min),
        ("IntervalMax", ours.interval_max),
    ):
        assert int(theirs[key]) == value, key
    for key, field in (
        ("LUT", "lut"),
        ("FF", "ff"),
        ("DSP", "dsp"),
        ("BRAM_18K", "bram_18k"),
        ("URAM", "uram"),
    ):
        assert int(theirs[key]) == getattr(ours.used, field), key
        assert int(theirs[f"Available{key}"]) == getattr(ours.available, field), key


def test_figures_that_a_report_leaves_out_are_none_not_zero(tmp_path):
    text = (DATA / "vitis_2024.1_csynth.xml").read_text()
    for figure in ("<Worst-caseLatency>0<", "<DSP>42<", "<EstimatedClockPeriod>17.294<"):
        assert figure in text
        text = text.replace(figure, figure.split(">")[0] + ">undef<")
    path = tmp_path / "a_csynth.xml"
    path.write_text(text.replace("<URAM>0</URAM>", ""))
    report = read_csynth(path)
    assert (report.latency_max, report.used.dsp, report.used.uram) == (None, None, None)
    assert report.estimated_clock_ns is None
    text = (DATA / "vitis_2024.1_csynth.rpt").read_text()
    row = "|        0|        0|      0 ns|      0 ns|    1|    1|      yes|"
    assert row in text
    path = tmp_path / "a_csynth.rpt"
    path.write_text(text.replace(row, "|        ?|        ?|         ?|         ?|    ?|    ?|      yes|", 1))
    report = read_csynth(path)
    assert (report.latency_min, report.latency_max, report.interval_max) == (None, None, None)


def test_a_failed_cosimulation_has_no_figures():
    assert read_cosim(DATA / "vitis_2023.1_cosim_failed.rpt") == (
        CosimReport("Verilog", "Fail", None, None, None, None, None, None, None),
    )
    assert not read_cosim(DATA / "vitis_2023.1_cosim_failed.rpt")[0].passed


def test_a_passed_cosimulation():
    (report,) = read_cosim(DATA / "cosim_one_transaction.rpt")
    assert report == CosimReport("Verilog", "Pass", 481388, 481388, 481388, None, None, None, 481388)
    assert report.passed


def test_utilization_of_ultrascale():
    report = read_utilization(DATA / "vivado_2021.2_utilization_routed.rpt")
    assert (report.version, report.design, report.state) == ("2021.2", "main", "Routed")
    assert report.part == "xczu3eg-sbva484-1-e"
    assert (report.lut, report.lut_as_memory, report.srl, report.ff) == (429, 0, 0, 299)
    assert (report.carry, report.wide_mux, report.dsp, report.bram) == (18, 0, 3, 0)
    assert report.uram is None
    assert report.lut_by_size == {1: 2, 2: 380, 3: 148, 4: 86, 5: 56, 6: 48}


def test_utilization_of_7_series_without_primitives():
    report = read_utilization(DATA / "vivado_2017.4_utilization_7series.rpt")
    assert (report.lut, report.lut_as_memory, report.srl, report.ff) == (38260, 3196, 3186, 26618)
    assert (report.wide_mux, report.bram) == (675, 103.5)
    assert (report.dsp, report.carry, report.lut_by_size, report.version) == (None, None, None, "")


def test_timing():
    report = read_timing(DATA / "vivado_2021.2_timing_routed.rpt")
    assert report == TimingReport(
        version="2021.2",
        design="main",
        worst_slack=2.221,
        total_negative_slack=0.0,
        failing_endpoints=0,
        worst_hold_slack=0.042,
        period=5.0,
        met=True,
    )
    assert report.critical_path_ns == pytest.approx(2.779)


def test_timing_without_a_clock_says_nothing(tmp_path):
    text = (DATA / "vivado_2021.2_timing_routed.rpt").read_text()
    start = text.index("| Clock Summary")
    numbers = "      2.221        0.000                      0                  899        0.042"
    assert numbers in text
    path = tmp_path / "timing.rpt"
    path.write_text(
        text[:start].replace(numbers, "         NA           NA                     NA           NA     NA")
    )
    report = read_timing(path)
    assert (report.worst_slack, report.failing_endpoints, report.period) == (None, None, None)
    assert report.critical_path_ns is None


READERS = {
    "a_csynth.xml": (read_csynth, "is not a report of C synthesis"),
    "a_csynth.rpt": (read_csynth, "is not a report of C synthesis: it has no title"),
    "a_cosim.rpt": (read_cosim, "is not a report of cosimulation: it has no row"),
    "a_util.rpt": (read_utilization, "is not a report of report_utilization"),
    "a_timing.rpt": (read_timing, "is not a report of report_timing_summary"),
}


@pytest.mark.parametrize("name", READERS)
def test_other_files_are_refused_by_name(tmp_path, name):
    reader, message = READERS[name]
    with pytest.raises(InputError, match=f"cannot read the report '.*{name}': No such file"):
        reader(tmp_path / name)
    for content in (b"", b"\x00\xff\xfe binary", b"<profile></profile>", b"| a | b |"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=f"'.*{name}' {message}"):
            reader(tmp_path / name)


def test_xml_with_entities_is_refused(tmp_path):
    path = tmp_path / "a_csynth.xml"
    path.write_text('<!DOCTYPE x [<!ENTITY a "aaaa">]><profile>&a;</profile>')
    with pytest.raises(InputError, match="declares entities"):
        read_csynth(path)
