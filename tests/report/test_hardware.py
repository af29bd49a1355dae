from dataclasses import replace

import pytest

from sr2hls.provenance import Figure, Origin, Provenance
from sr2hls.report.hardware import FigureKey, HardwareRow, Subject, compare, warning
from sr2hls.synthesis.hardware_report import HardwareReport

YOSYS = Provenance(Origin.MEASURED, "Yosys 0.70", "xcup", "synthesis")
MODEL = Provenance(Origin.ESTIMATED, "delay model", "xcup", "synthesis")


def _report(name: str, luts: float, fmax: float, **changes: object) -> HardwareReport:
    plain = HardwareReport(
        design=name,
        tool="yosys",
        version="0.70",
        part="xcup",
        step="synthesis",
        settings={"command": f"synth_xilinx -top {name} -nodsp"},
        lut=Figure(luts, "LUT", YOSYS),
        dsp=Figure(0, "DSP", YOSYS),
        clock_ns=Figure(5, "ns", YOSYS),
        fmax_mhz=Figure(fmax, "MHz", MODEL),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def _pair(design: HardwareReport, network: HardwareReport) -> list[HardwareRow]:
    return [
        HardwareRow.of(design, Subject.DESIGN, "symbolic", 0.6),
        HardwareRow.of(network, Subject.NETWORK, "network", 0.65),
    ]


def test_ratios_of_the_same_tool_and_settings() -> None:
    rows = _pair(_report("small", 400, 500), _report("large", 28_000, 250))
    (comparison,) = compare(rows)
    assert comparison.settings == {"step": "synthesis", "command": "synth_xilinx -top TOP -nodsp"}
    ratios = {r.figure: r.ratio for r in comparison.ratios}
    assert ratios == {FigureKey.LUT: 70.0, FigureKey.DSP: None, FigureKey.FMAX_MHZ: 2.0}


@pytest.mark.parametrize(
    "changes",
    [
        {"tool": "vivado"},
        {"version": "0.71"},
        {"part": "xc7"},
        {"step": "place and route"},
        {"settings": {"command": "synth_xilinx -top large"}},
    ],
)
def test_no_ratio_where_anything_differs(changes: dict[str, object]) -> None:
    assert compare(_pair(_report("small", 400, 500), _report("large", 28_000, 250, **changes))) == ()


def test_no_ratio_of_published_or_differently_known_figures() -> None:
    published = replace(YOSYS, origin=Origin.PUBLISHED)
    rows = _pair(
        _report("small", 400, 500, fmax_mhz=None),
        _report("large", 28_000, 250, lut=Figure(28_000, "LUT", published), dsp=None),
    )
    assert compare(rows) == ()
    estimated = _report("large", 28_000, 250, lut=Figure(28_000, "LUT", MODEL), dsp=None, fmax_mhz=None)
    assert compare(_pair(_report("small", 400, 500), estimated)) == ()


def test_every_figure_of_a_tool_has_a_place() -> None:
    names = {key.value for key in FigureKey}
    assert set(_report("small", 400, 500).figures()) <= names
    missing = [n for n in HardwareReport.__slots__ if n not in names]
    assert missing == ["design", "tool", "version", "part", "step", "settings", "lut_by_size"]


def test_rows_of_different_tools_stand_together_only_with_a_warning() -> None:
    same = _pair(_report("small", 400, 500), _report("large", 28_000, 250))
    assert warning(same) is None and warning([]) is None
    other = _pair(_report("small", 400, 500), _report("large", 28_000, 250, tool="vivado", version="2023.1"))
    assert warning(other) == (
        "Not all rows may be compared: 'symbolic' is from yosys 0.70 for xcup; different are 'network' "
        "(vivado 2023.1). There are no ratios of those."
    )
    routed = _pair(_report("small", 400, 500), _report("large", 28_000, 250, step="place and route"))
    assert "'network' (other settings: step)" in str(warning(routed))
    part = _pair(_report("small", 400, 500), _report("large", 28_000, 250, part="xc7"))
    assert "'network' (part xc7)" in str(warning(part))
