"""The hardware report as JSON."""

import json

import pytest

from sr2hls.errors import InputError
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


def test_round_trip_keeps_everything() -> None:
    original = report()
    text = json.dumps(original.to_dict())
    assert HardwareReport.from_dict(json.loads(text)) == original


def test_missing_figures_are_none_and_not_zero() -> None:
    data = report().to_dict()
    assert data["dsp"] is None and data["fmax_mhz"] is None
    assert set(report().figures()) == {"lut", "critical_path_ns"}


@pytest.mark.parametrize("change", [{"lut": {"value": 1}}, {"lut_by_size": 3}, {"settings": None}])
def test_damaged_reports_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(InputError, match="not a hardware report"):
        HardwareReport.from_dict({**report().to_dict(), **change})
    with pytest.raises(InputError, match="not a hardware report: KeyError"):
        HardwareReport.from_dict({})
