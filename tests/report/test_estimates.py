"""Rows that models give: another circuit, another tool, never compared with what a tool measured."""

from pathlib import Path

from sr2hls.hls.project import write_hls
from sr2hls.program.builder import Builder
from sr2hls.program.types import FixedType
from sr2hls.provenance import Figure, Origin, Provenance
from sr2hls.report.estimates import hls_row
from sr2hls.report.hardware import FigureKey, HardwareRow, Subject, compare, figures, warning
from sr2hls.target import Target

T = FixedType(True, 16, 6)


def test_cycles_of_the_hls_project_stand_apart_with_their_error(tmp_path: Path) -> None:
    build = Builder({"a": T, "b": T})
    program = build.program({"y": build.mul(build.mul(0, 1, T), 1, T)})
    row = hls_row(write_hls(program, tmp_path / "hls", target=Target(), backend="Vivado"), Target())
    assert row is not None and row.subject is Subject.OTHER
    cycles, ns = row.figures[FigureKey.LATENCY_CYCLES], row.figures[FigureKey.LATENCY_NS]
    assert cycles is not None and ns is not None and (cycles.value, ns.value) == (1, 5.0)
    assert cycles.origin is Origin.ESTIMATED and "published designs" in str(cycles.error)
    assert row.figures.get(FigureKey.LUT) is None
    tool = {"lut": Figure(9, "", Provenance(Origin.MEASURED, "Yosys"))}
    rows = [
        HardwareRow(subject=s, label=s.value, tool="yosys", part=row.part, figures=figures(tool))
        for s in (Subject.DESIGN, Subject.NETWORK)
    ]
    (comparison,) = compare([*rows, row])
    assert [r.figure for r in comparison.ratios] == [FigureKey.LUT]
    said = warning([*rows, row])
    assert said is not None and "'formulas, HLS project' (scheduler model of Vivado HLS 2020.1)" in said


def test_parts_whose_delays_the_model_does_not_know_have_no_row(tmp_path: Path) -> None:
    build = Builder({"a": T})
    program = build.program({"y": build.neg(0)})
    target = Target("xc7z020-clg400-1")
    assert hls_row(write_hls(program, tmp_path / "hls", target=target, backend="Vitis"), target) is None
    assert hls_row(None, Target()) is None
