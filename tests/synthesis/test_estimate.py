"""Figures without a tool: estimates that say so, and nothing where the model knows nothing."""

from pathlib import Path

from sr2hls.program.builder import Builder
from sr2hls.program.predict import program_model
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType
from sr2hls.provenance import Origin
from sr2hls.rtl.project import write_rtl
from sr2hls.synthesis.estimate import estimate
from sr2hls.synthesis.hardware_report import HardwareReport
from sr2hls.target import Target

T = FixedType(True, 8, 8)


def products(n: int) -> Program:
    build = Builder({f"x{k}": T for k in range(n + 1)})
    return build.program({f"y{k}": build.mul(k, k + 1) for k in range(n)})


def found(program: Program, target: Target, folder: Path) -> HardwareReport:
    return estimate(program, write_rtl(program, folder, target=target, name="top"), target)


def test_luts_are_the_models_and_cycles_those_of_the_rtl(tmp_path: Path) -> None:
    report = found(products(2), Target(), tmp_path)
    assert report.lut is not None and report.latency_cycles is not None
    assert report.lut.value == round(program_model().luts(products(2)))
    assert report.lut.provenance.origin is Origin.ESTIMATED
    assert "never saw" in str(report.lut.provenance.error)
    assert report.latency_cycles.provenance.origin is Origin.MEASURED
    assert report.latency_cycles.provenance.step == "RTL generation"
    assert report.dsp is None and report.ff is None


def test_no_figure_where_the_model_was_not_tried(tmp_path: Path) -> None:
    lattice = found(products(1), Target("LFE5U-85F"), tmp_path / "a")
    assert lattice.lut is None and lattice.latency_cycles is not None
    assert found(products(40), Target(), tmp_path / "b").lut is None
