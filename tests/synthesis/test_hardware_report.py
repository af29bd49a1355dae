"""The record of a tool: figures that are missing are missing."""

from sr2hls.provenance import Figure, Origin, Provenance
from sr2hls.synthesis.hardware_report import HardwareReport


def report() -> HardwareReport:
    measured = Provenance(Origin.MEASURED, "Yosys 0.70", "xcvu9p", "synthesis", None)
    estimated = Provenance(Origin.ESTIMATED, "model", error="median 7 %")
    return HardwareReport(
        "top",
        "yosys",
        "0.70",
        "xcvu9p",
        "synthesis",
        settings={"passes": "a; b"},
        lut=Figure(12, "", measured),
        lut_by_size={2: 4, 6: 8},
        critical_path_ns=Figure(3.5, "ns", estimated),
    )


def test_missing_figures_are_none_and_not_zero() -> None:
    assert report().dsp is None and report().fmax_mhz is None
    assert set(report().figures()) == {"lut", "critical_path_ns"}
