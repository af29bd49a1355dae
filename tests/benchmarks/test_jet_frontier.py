"""Rows, bars and page of the table of jet designs."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from frontier_rows import BARS, Bar, Facts, Row, RowStore
from frontier_table import SYMBOLIC, bars, page, table
from jet_frontier import explored_rows

from sr2hls.errors import InputError
from sr2hls.provenance import Figure, Origin, Provenance
from sr2hls.report.frontier import DesignFrontier, FrontierPoint, load_frontier, write_frontier
from sr2hls.report.hardware import FigureKey, HardwareRow, Subject
from sr2hls.synthesis.hardware_report import HardwareReport

FACTS = Facts(
    data="d",
    checkpoint="c",
    part="xcvu9p-flga2577-2-e",
    clock_ns=5.0,
    input_bits=6,
    seed=0,
    float_accuracy=0.6,
    test_rows=9400,
)
ROW = Row(
    SYMBOLIC, "cascade-60", "cascade of 19", 0.58, 0.575, 90.0, 44.0, 0.0, 0.0, 1.0, 5.0, 0.5, "yosys 0.70"
)


def test_rows_that_are_kept_are_not_made_again(tmp_path: Path) -> None:
    path = tmp_path / "results" / "rows.json"
    assert RowStore(path, FACTS).group("a", lambda: [ROW]) == (ROW,)

    def never() -> list[Row]:
        raise AssertionError("made again")

    store = RowStore(path, FACTS)
    assert store.group("a", never) == (ROW,)
    assert store.seconds == json.loads(path.read_text())["seconds"]["a"]


def test_rows_of_other_data_or_target_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    RowStore(path, FACTS).group("a", lambda: [ROW])
    with pytest.raises(InputError, match=r"made with another clock_ns \(5.0, now 2.5\): give another file"):
        RowStore(path, replace(FACTS, clock_ns=2.5))
    with pytest.raises(InputError, match="made with another data"):
        RowStore(path, replace(FACTS, data="e"))


@pytest.mark.parametrize("content", ["{", "[]", '{"format": "x"}', json.dumps({"rows": {"a": [{"b": 1}]}})])
def test_a_damaged_file_of_rows_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "rows.json"
    path.write_text(content)
    with pytest.raises(InputError, match="holds no rows of this benchmark"):
        RowStore(path, FACTS)


@pytest.mark.parametrize(
    ("change", "met"),
    [
        ({}, True),
        ({"test": 0.5699}, False),
        ({"test": 0.57}, True),
        ({"lut": 101.0}, False),
        ({"lut": None}, False),
        ({"cycles": 2.0}, False),
        ({"cycles": None}, False),
        ({"dsp": 1.0}, False),
        ({"bram": 0.5}, False),
    ],
)
def test_a_bar_needs_accuracy_size_and_cycles(change: dict[str, float | None], met: bool) -> None:
    assert Bar(0.95, 100, 1).met_by(replace(ROW, **change), 0.6) is met


def test_bars_name_who_meets_them_and_what_validation_chooses() -> None:
    better = replace(ROW, name="sum-90", validation=0.59, test=0.569)
    network = replace(ROW, name="network-4", group="original network", lut=3e4, test=0.6, cycles=4.0)
    lines = bars([ROW, better, network], FACTS).splitlines()[2:]
    assert len(lines) == len(BARS)
    loose, tight = lines[0], lines[-1]
    assert "**none**" in loose and "**missed**" in loose
    assert "cascade-60 0.958 A, 90 LUT |" in tight
    assert "sum-90 0.948 A, 90 LUT: **missed**" in tight  # the higher validation score misses on test


def test_the_table_keeps_what_is_missing_missing() -> None:
    line = table([replace(ROW, lut=None, critical_ns=None)], FACTS).splitlines()[-1]
    assert line == "| cascade-60: cascade of 19 | 0.5750 | 0.958 | – | 44 | 1 | 5 | – | yosys 0.70 |"


def test_the_table_shows_shift_registers_and_which_paths_are_before_mapping() -> None:
    lines = table(
        [replace(ROW, srl=9.0, mapped=True), replace(ROW, name="other", srl=0.0)], FACTS
    ).splitlines()
    assert "| 90 | 44 | 1 | 5 | 0.50* |" in lines[-2]
    assert "| 90 + 9 SRL | 44 | 1 | 5 | 0.50 |" in lines[-1]
    assert Bar(0.95, 90, 1).met_by(ROW, 0.6)
    assert not Bar(0.95, 90, 1).met_by(replace(ROW, srl=9.0), 0.6)


def test_the_page_says_what_it_lacks_and_who_breaks_rules() -> None:
    assert "GHDL" not in page([ROW], FACTS, 0.0, explored=True)
    trees = replace(ROW, group="boosted trees, conifer's converter, sr2hls", name="big", dsp=7.0)
    text = page([ROW, trees], FACTS, 12.0, explored=True)
    assert "A = 0.6000" in text and "standard error of such an accuracy: 0.0051" in text
    assert "there was no GHDL on the PATH" in text
    assert "- big uses DSPs or block RAM: 7.0 and 0.0; it meets no bar." in text


def frontier() -> DesignFrontier:
    measured = Provenance(Origin.MEASURED, "Yosys 0.70", FACTS.part, "synthesis")
    report = HardwareReport(
        "formula", "yosys", "0.70", FACTS.part, "synthesis", lut=Figure(34, "", measured),
        latency_cycles=Figure(1, "cycles", measured),
    )  # fmt: skip
    hardware = HardwareRow.of(report, Subject.DESIGN, "formulas", 0.57)
    point = FrontierPoint(name="sum-50", label="sum of 9", validation=0.56, test=0.57, hardware=hardware)
    network = FrontierPoint(name="network", label="4 bits", subject="network", validation=0.6, test=0.6)
    return DesignFrontier(
        title="jets", score="accuracy", teacher_validation=0.6, teacher_test=0.6, part=FACTS.part,
        clock_ns=5.0, points=(point, network),
    )  # fmt: skip


def test_an_exploration_gives_its_designs_with_their_figures(tmp_path: Path) -> None:
    write_frontier(frontier(), tmp_path)
    row, network = explored_rows(load_frontier(tmp_path), FACTS)
    assert (row.name, row.test, row.lut, row.cycles, row.ff) == ("sum-50", 0.57, 34.0, 1.0, None)
    assert row.measured_by == "yosys 0.70, synthesis"
    assert (network.group, network.lut) == ("original network, alkaid", None)


def test_an_exploration_of_another_network_is_refused() -> None:
    with pytest.raises(InputError, match=r"a network of accuracy 0.6000, the table for .* and 0.6584"):
        list(explored_rows(frontier(), replace(FACTS, float_accuracy=0.6584)))


def test_the_committed_table_has_the_committed_explorations() -> None:
    root = Path(__file__).parents[2]
    text = (root / "benchmarks" / "results" / "jet_frontier.md").read_text(encoding="utf-8")
    for folder in ("jet_frontier", "jet_frontier_one_cycle"):
        frontier = load_frontier(root / "hw_reports" / folder)
        for point in frontier.designs:
            assert point.hardware is not None
            lut = point.hardware.figures[FigureKey.LUT]
            assert lut is not None
            (line,) = [r for r in text.splitlines() if r.startswith(f"| {folder}: {point.name}: ")]
            assert f"| {point.test:.4f} |" in line and f"| {lut.value:.0f} |" in line
