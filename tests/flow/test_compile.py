"""The whole road on a small network, and what it refuses."""

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from attrs import evolve

from sr2hls.errors import BudgetError, InputError, VerificationError
from sr2hls.flow.compile import compile_network
from sr2hls.flow.design_file import read_design
from sr2hls.flow.designs import Designs
from sr2hls.flow.implement import Result
from sr2hls.flow.lower import lower_formulas
from sr2hls.flow.rank_designs import rank
from sr2hls.flow.run_folder import RunFolder
from sr2hls.hls.compiled import CompiledProgram
from sr2hls.hls.project import HlsProject
from sr2hls.options import CompileOptions, LowerOptions, StrategyName
from sr2hls.prepare import prepare
from sr2hls.program.interpreter import Interpreter, quantize_inputs
from sr2hls.program.serialize import load
from sr2hls.progress import SilentProgress, Stage
from sr2hls.report.store import load_report
from sr2hls.rtl.project import load_project
from sr2hls.rtl.simulate import simulate


@pytest.fixture(scope="module")
def result(small: CompileOptions) -> Result:
    return compile_network(small)


def test_the_design_keeps_what_the_network_does(result: Result) -> None:
    test = result.report.split("test")
    assert test is not None
    teacher, formulas, design = (test.scores[k].accuracy for k in ("teacher", "formulas", "design"))
    assert design >= 0.94 * teacher
    assert design >= formulas - 0.02


def test_every_executor_agreed_on_every_test_row(result: Result) -> None:
    executors = result.report.verification.executors
    assert {e.executor.split()[0] for e in executors} == {"C++", "Verilog"}
    test = result.report.split("test")
    assert test is not None
    assert all(e.differences == 0 and e.vectors == test.rows for e in executors)


def test_the_projects_on_disk_are_the_program(result: Result) -> None:
    rtl, hls = load_project(result.folder / "rtl"), HlsProject.open(result.folder / "hls")
    program = load(result.folder / "rtl" / "program.json")
    X = np.random.default_rng(5).uniform(-1, 1, size=(500, 4))
    raw = quantize_inputs(program, X)
    expected = Interpreter(result.design.program).run(raw)
    assert np.array_equal(simulate(rtl, raw), expected)
    assert np.array_equal(CompiledProgram(hls).run(raw), expected)


def test_hardware_is_measured_and_beside_it_the_network(result: Result) -> None:
    rows = result.report.hardware
    assert [r.subject.value for r in rows] == ["design", "network", "other"]
    assert rows[2].figures["latency_cycles"].origin == "estimated", "the HLS project, by its model"
    assert rows[2].figures.get("lut") is None
    for row in rows[:2]:
        assert row.figures["lut"].value > 0
        assert row.figures["lut"].origin == "measured"
        assert row.figures["dsp"].value == 0
    assert rows[1].figures["lut"].value > rows[0].figures["lut"].value
    assert result.report.comparisons


def test_the_files_are_there_and_read_back(result: Result) -> None:
    assert load_report(result.folder) == result.report
    for name in ("report.html", "report.md", "inputs.json", "network/hls/build_prj.tcl"):
        assert (result.folder / name).is_file(), name


def test_another_command_is_refused_in_the_same_folder(small: CompileOptions, result: Result) -> None:
    with pytest.raises(InputError, match="holds the result of other options or data"):
        compile_network(evolve(small, seed=1))


def test_a_folder_of_somebody_elses_is_left_alone(small: CompileOptions, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(InputError, match="holds other files: give a new or empty folder"):
        compile_network(evolve(small, output=tmp_path))
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_impossible_budgets_say_how_far_off_the_nearest_is(small: CompileOptions, tmp_path: Path) -> None:
    options = evolve(
        small,
        output=tmp_path / "r",
        max_latency_ns=1.0,
        max_lut=12,
        baseline=False,
        strategies=["lut-network"],
        synthesis="estimate",
    )
    with pytest.raises(BudgetError, match=r"no design meets max_latency_ns 1: the nearest has \d+; raise"):
        compile_network(options)
    assert not (tmp_path / "r" / "report.json").exists()


@pytest.fixture
def narrower_verilog(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Verilog is written of another program than the one that was measured."""
    from sr2hls import circuit
    from sr2hls.program.ops import Cast
    from sr2hls.program.program import Program

    written = circuit.write_rtl

    def narrower(program: Program, *args: object, **kwargs: object) -> object:
        first, *others = program.outputs
        type_ = program.ops[first].type
        cast = Cast(args=(first,), type=replace(type_, width=type_.width - 2, integer=type_.integer - 2))
        broken = replace(program, ops=(*program.ops, cast), outputs=(len(program), *others))
        return written(broken, *args, **kwargs)

    monkeypatch.setattr(circuit, "write_rtl", narrower)


@pytest.mark.slow
@pytest.mark.usefixtures("narrower_verilog")
def test_a_broken_width_stops_the_compilation(small: CompileOptions, tmp_path: Path) -> None:
    with pytest.raises(VerificationError, match=r"Verilog \(Verilator\) (differs from|gives)"):
        compile_network(evolve(small, output=tmp_path / "r", baseline=False))


@pytest.mark.usefixtures("narrower_verilog")
def test_a_broken_width_stops_what_all_commands_end_with(tmp_path: Path) -> None:
    options = LowerOptions(
        source="a*b + a",
        ranges=(("a", 0.0, 2.0), ("b", 0.0, 2.0)),
        output=tmp_path / "r",
        synthesis="estimate",
    )
    with pytest.raises(VerificationError, match=r"Verilog \(Verilator\) (differs from|gives)"):
        lower_formulas(options)


def test_the_same_seed_finds_the_same_programs(small: CompileOptions, tmp_path: Path) -> None:
    """LUT networks, for which no search engine has to run; nothing is built."""
    asked = evolve(small, strategies=("lut-network",), baseline=False)
    found = []
    for name in ("once", "again"):
        options = evolve(asked, output=tmp_path / name)
        prepared = prepare(options, SilentProgress())
        with RunFolder(options) as run:
            designs = Designs(prepared, options, (12,), run, SilentProgress()).found()
            found.append([(d.proposal.name, d.program) for d in designs])
    assert found[0] and found[0] == found[1]


@pytest.mark.slow
def test_same_seed_same_program(small: CompileOptions, result: Result, tmp_path: Path) -> None:
    again = compile_network(evolve(small, output=tmp_path / "again", baseline=False))
    assert again.design.program == result.design.program
    assert json.loads((tmp_path / "again" / "rtl" / "program.json").read_text()) == json.loads(
        (result.folder / "rtl" / "program.json").read_text()
    )


def test_the_function_takes_plain_arguments_and_names_unknown_ones(tmp_path: Path) -> None:
    import sr2hls

    with pytest.raises(InputError, match="unknown option 'max_luts': CompileOptions has"):
        sr2hls.compile("net.onnx", "data.npz", tmp_path / "r", max_luts=3)
    with pytest.raises(InputError, match=r"'net\.onnx' cannot be read"):
        sr2hls.compile("net.onnx", "data.npz", tmp_path / "r", max_lut=3)


def test_a_budget_of_luts_is_kept(small: CompileOptions, result: Result, tmp_path: Path) -> None:
    spent = result.circuit.hardware.lut.value
    options = evolve(small, output=tmp_path / "r", max_lut=int(0.7 * spent), baseline=False)
    smaller = compile_network(options)
    assert smaller.circuit.hardware.lut.value <= options.max_lut
    assert smaller.report.split("test").scores["design"].accuracy > 0.5


@pytest.mark.parametrize(
    "strategies", [(StrategyName.LUT_NETWORK,), pytest.param(tuple(StrategyName), marks=pytest.mark.slow)]
)
def test_it_chooses_among_everything_that_explore_makes(
    small: CompileOptions, tmp_path: Path, strategies: tuple[StrategyName, ...]
) -> None:
    opened: list[str] = []
    planned: dict[str, float] = {}

    class Recorded(SilentProgress):
        def plan(self, expected_s: Mapping[str, float]) -> None:
            planned.update(expected_s)

        def stage(self, name: str, total: float | None = None) -> AbstractContextManager[Stage]:
            assert planned.get(name), f"'{name}' is in the time that is left before it begins"
            opened.append(name)
            return super().stage(name, total)

    asked = evolve(
        small, output=tmp_path / "r", strategies=strategies, max_lut=30, synthesis="estimate",
        baseline=False,
    )  # fmt: skip
    result = compile_network(asked, Recorded())
    left = {name for name, seconds in planned.items() if seconds} - set(opened)
    assert left == set(), "no time is left for stages that never come"
    considered = {d.name.split(":")[0]: d for d in result.report.designs}
    for strategy in strategies:
        assert any(name.startswith(strategy.value) for name in considered), strategy
    chosen = result.design.proposal.name
    assert considered[chosen].chosen
    problem = prepare(asked, SilentProgress()).problem
    designs = [read_design(path, problem) for path in sorted((tmp_path / "r" / "designs").glob("*.json"))]
    assert {d.proposal.name for d in designs} == set(considered)
    assert rank(problem, designs, asked.budget)[0].proposal.name == chosen
