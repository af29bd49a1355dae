"""The record of an exploration: shift registers made of LUTs stand beside the LUTs and count as such."""

from sr2hls.provenance import Figure, Origin, Provenance
from sr2hls.report.frontier import DesignFrontier, FrontierPoint, markdown
from sr2hls.report.hardware import HardwareRow, Subject
from sr2hls.synthesis.hardware_report import HardwareReport

MEASURED = Provenance(Origin.MEASURED, "Yosys 0.70", "xcvu9p", "synthesis")


def point(name: str, lut: float | None, srl: float | None, *, network: bool = False) -> FrontierPoint:
    figures = {k: None if v is None else Figure(v, "", MEASURED) for k, v in (("lut", lut), ("srl", srl))}
    report = HardwareReport("formula", "yosys", "0.70", "xcvu9p", "synthesis", **figures)
    subject = Subject.NETWORK if network else Subject.DESIGN
    return FrontierPoint(
        name=name, label=name, subject="network" if network else "design", validation=0.5, test=0.5,
        hardware=HardwareRow.of(report, subject, name, 0.5),
    )  # fmt: skip


FRONTIER = DesignFrontier(
    title="jets", score="accuracy", teacher_validation=0.6, teacher_test=0.6, part="xcvu9p", clock_ns=5.0,
    points=(
        point("shifts", 467, 9), point("plain", 470, 0), point("unknown", None, None),
        point("network", 9000, 32, network=True),
    ),
)  # fmt: skip


def test_the_table_shows_shift_registers_beside_the_luts() -> None:
    cells = [[c.strip(" *") for c in line.split("|")] for line in markdown(FRONTIER).splitlines()]
    column = cells[0].index("LUT")
    shown = {row[1]: row[column] for row in cells[2:]}
    assert shown == {
        "unknown": "–",
        "plain": "470",
        "shifts": "467 + 9 SRL",
        "network": "9000 + 32 SRL",
    }


def test_the_cheapest_has_the_fewest_luts_with_shift_registers() -> None:
    assert [p.name for p in FRONTIER.designs] == ["unknown", "plain", "shifts"]
    assert [p.used_luts for p in FRONTIER.designs] == [None, 470, 476]
