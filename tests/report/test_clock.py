from sr2hls.provenance import Origin
from sr2hls.report.hardware import FigureKey, HardwareFigure, Subject
from sr2hls.report.model import Report
from sr2hls.report.summary import cards


def _with_path(report: Report, path_ns: float) -> Report:
    def figure(value: float) -> HardwareFigure:
        return HardwareFigure(value=value, unit="ns", origin=Origin.ESTIMATED, source="delay model")

    timing = {FigureKey.CLOCK_NS: figure(5.0), FigureKey.CRITICAL_PATH_NS: figure(path_ns)}
    rows = tuple(
        r.model_copy(update={"figures": {**r.figures, **timing}}) if r.subject is Subject.DESIGN else r
        for r in report.hardware
    )
    return report.model_copy(update={"hardware": rows})


def test_a_clock_that_is_not_met_is_said_first(report: Report) -> None:
    first = cards(_with_path(report, 5.4))[0]
    assert (first.label, first.value) == ("Clock", "not met")
    assert first.detail == "the longest path takes 5.4 ns of the 5 ns asked for"
    assert cards(_with_path(report, 4.9))[0].label != "Clock"


def test_the_line_with_the_luts_says_what_they_leave_out(report: Report) -> None:
    found = next(card for card in cards(report) if card.unit == "LUT")
    assert found.detail.endswith("without argmax and the scaling of inputs")
