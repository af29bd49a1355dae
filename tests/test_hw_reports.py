"""The committed hardware reports are what the code gives now, and the index page says what they say."""

import re
from pathlib import Path

import numpy as np
import pytest

from sr2hls.circuit import with_shorter_stages
from sr2hls.data import InputFormat
from sr2hls.hls.latency import estimate_latency
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.program import Program
from sr2hls.program.serialize import load
from sr2hls.report.hardware import FigureKey, HardwareRow, Subject, compare
from sr2hls.report.html import to_html
from sr2hls.report.markdown import to_markdown
from sr2hls.report.model import Report
from sr2hls.report.store import load_report
from sr2hls.rtl.icarus import find_icarus, run_testbench
from sr2hls.rtl.project import write_rtl
from sr2hls.synthesis.base import HdlDesign
from sr2hls.synthesis.registry import TOOLS, tool_named
from sr2hls.target import Budget, Target

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "hw_reports"
NAMES = sorted(p.parent.name for p in FOLDER.glob("*/report.json"))


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def report(name: str) -> Report:
    return load_report(FOLDER / name)


def design_row(report: Report) -> HardwareRow:
    return next(row for row in report.hardware if row.subject is Subject.DESIGN)


def test_the_index_page_lists_every_report_with_its_figures(name: str, report: Report) -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| \[(\w+)\]", index, re.MULTILINE)) == NAMES
    line = next(text for text in index.splitlines() if text.startswith(f"| [{name}]"))
    for path in re.findall(r"\]\(([^)]+)\)", line):
        assert (FOLDER / path).is_file(), path
    figures = design_row(report).figures
    for key, pattern in (
        (FigureKey.LUT, r"(\d[\d,]*) LUT"),
        (FigureKey.LATENCY_CYCLES, r"(\d+) cycles?"),
        (FigureKey.CLOCK_NS, r"at ([\d.]+) ns"),
    ):
        figure = figures[key]
        said = re.search(pattern, line)
        assert figure is not None and said is not None
        assert float(said[1].replace(",", "")) == figure.value
    scores = {f.split: f.scores for f in report.fidelity}["test"]
    if "teacher" not in scores:
        return
    design, teacher = scores["design"], scores["teacher"]
    if design.accuracy is None:
        said = re.search(r"R² ([\d.]+) to the labels", line)
        assert said is not None and [float(said[1])] == pytest.approx([*design.r2.values()], abs=6e-4)
        return
    said = re.search(r"([\d.]+) of the network's accuracy", line)
    assert teacher.accuracy is not None and said is not None
    assert float(said[1]) == pytest.approx(design.accuracy / teacher.accuracy, abs=6e-4)


def hardware_tables(markdown: str) -> list[str]:
    section = markdown.split("## Hardware")[1].split("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("|")]


def test_pages_say_what_the_record_says(name: str, report: Report) -> None:
    committed = (FOLDER / name / "report.md").read_text(encoding="utf-8")
    assert hardware_tables(committed) == hardware_tables(to_markdown(report)) != []
    table = re.compile(r"<h3>All figures</h3>.*?</table>", re.DOTALL)
    shown = table.search(to_html(report))
    row = design_row(report)
    figure = row.figures[FigureKey.LUT]
    assert shown is not None and figure is not None
    assert f">{figure.value:.0f}<" in re.sub(r"(?<=\d)\s(?=\d)", "", shown[0])


def test_comparisons_are_those_of_the_rows(report: Report) -> None:
    assert report.comparisons == compare(report.hardware)
    networks = [row for row in report.hardware if row.subject is Subject.NETWORK]
    ratios = [r for c in report.comparisons for r in c.ratios if r.figure is FigureKey.LUT and r.ratio]
    assert len(ratios) == len(networks)


def test_cycles_of_the_hls_project_are_what_the_model_gives(name: str, report: Report) -> None:
    rows = [r for r in report.hardware if r.subject is Subject.OTHER]
    found = estimate_latency(load(FOLDER / name / "program.json"), target_of(report))
    if found is None:
        assert not rows
        return
    (row,) = rows
    cycles = row.figures[FigureKey.LATENCY_CYCLES]
    assert cycles is not None and cycles.value == found.cycles and cycles.error == found.provenance.error


def test_the_program_decides_as_reported(name: str, report: Report) -> None:
    if report.data.file != "jets.npz":
        pytest.skip("its rows are drawn from ranges")
    program = load(FOLDER / name / "program.json")
    with np.load(ROOT / "examples" / "jet_tagger" / "jets.npz") as data:
        X, y = data["X"][data["split"] == 2], data["y"][data["split"] == 2]
    inputs = InputFormat.load(FOLDER / name / "inputs.json")
    decided = Interpreter(program).predict(inputs.values(X)).argmax(axis=1)
    scores = {f.split: f.scores for f in report.fidelity}["test"]
    assert scores["design"].accuracy == pytest.approx(float((decided == y).mean()), abs=1e-12)


def target_of(report: Report) -> Target:
    options = report.run.options
    # Reports of before say "target.part" and "target.budget.max_dsp".
    options = {key.rpartition(".")[2]: value for key, value in options.items()}
    max_dsp = options["max_dsp"]
    return Target(
        str(options["part"]),
        float(str(options["clock_ns"])),
        Budget(max_dsp=None if max_dsp is None else int(str(max_dsp))),
    )


def rebuilt(program: Program, report: Report, folder: Path) -> HardwareRow:
    target = target_of(report)
    row = design_row(report)
    tool = tool_named(row.tool.split()[0])
    project = write_rtl(program, folder / "rtl", target=target, name="formula")
    found = tool.synthesise(HdlDesign.of(project), target, dsp=bool(target.budget.max_dsp))
    shorter = with_shorter_stages(program, project, target, found)
    if shorter is not None:
        project = write_rtl(program, folder / "rtl", target=shorter, name="formula")
        found = tool.synthesise(HdlDesign.of(project), shorter, dsp=bool(target.budget.max_dsp))
    return HardwareRow.of(found, Subject.DESIGN, row.label, row.accuracy)


@pytest.mark.slow
def test_synthesis_gives_the_committed_figures(name: str, report: Report, tmp_path: Path) -> None:
    check_synthesis(name, report, tmp_path)


def test_synthesis_gives_the_committed_figures_of_the_smallest(tmp_path: Path) -> None:
    check_synthesis("units", load_report(FOLDER / "units"), tmp_path)


def check_synthesis(name: str, report: Report, folder: Path) -> None:
    row = design_row(report)
    if row.tool.split()[0] not in TOOLS:
        pytest.skip(f"{row.tool} is no open tool")
    found = rebuilt(load(FOLDER / name / "program.json"), report, folder)
    assert found.tool == row.tool and found.settings == row.settings
    assert found.figures == {key: figure for key, figure in row.figures.items() if figure is not None}


@pytest.mark.skipif(
    find_icarus() is None, reason="needs Icarus Verilog on PATH (Debian: apt install iverilog)"
)
def test_a_second_simulator_agrees_on_the_design(name: str, tmp_path: Path) -> None:
    project = write_rtl(load(FOLDER / name / "program.json"), tmp_path / "rtl", target=Target())
    assert run_testbench(project) == 256
