"""An exploration from start to end on a small network: every design verified, resumable, selectable."""

import shutil
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest
from attrs import evolve, fields

from sr2hls.circuit import build_circuit
from sr2hls.errors import BudgetError, InputError
from sr2hls.flow import implement
from sr2hls.flow.compile import compile_network
from sr2hls.flow.design_file import file_name, read_design
from sr2hls.flow.explore import Exploration, explore, explore_network
from sr2hls.options import CompileOptions, ExploreOptions, StrategyName, Tables
from sr2hls.prepare import prepare
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.serialize import load
from sr2hls.progress import SilentProgress, Stage
from sr2hls.report.frontier import FrontierPoint, load_frontier
from sr2hls.report.gallery import find_results
from sr2hls.report.hardware import FigureKey
from sr2hls.report.store import load_report


@pytest.fixture(scope="module")
def options(small: CompileOptions, tmp_path_factory: pytest.TempPathFactory) -> ExploreOptions:
    shared = {f.name for f in fields(ExploreOptions) if f.init} & {f.name for f in fields(CompileOptions)}
    given = {name: getattr(small, name) for name in shared}
    given |= {"output": tmp_path_factory.mktemp("study"), "baseline": False}
    given["strategies"] = (StrategyName.ADDITIVE, StrategyName.LUT_NETWORK)
    return ExploreOptions(**given, luts=(12,))


class Recorded(SilentProgress):
    """Keeps what was planned, and the stages that were opened without being planned before."""

    def __init__(self) -> None:
        super().__init__()
        self.planned: dict[str, float] = {}
        self.surprises: list[str] = []

    def plan(self, expected_s: Mapping[str, float]) -> None:
        self.planned |= expected_s

    def stage(self, name: str, total: float | None = None) -> AbstractContextManager[Stage]:
        if not self.planned.get(name):
            self.surprises.append(name)
        return super().stage(name, total)


@pytest.fixture(scope="module")
def progress() -> Recorded:
    return Recorded()


@pytest.fixture(scope="module")
def exploration(options: ExploreOptions, progress: Recorded) -> Exploration:
    return explore_network(options, progress)


def test_the_time_left_is_that_of_the_whole(exploration: Exploration, progress: Recorded) -> None:
    assert len(exploration.frontier.designs) > 2
    assert progress.surprises == []
    never = {name for name, seconds in progress.planned.items() if seconds} - set(progress.times)
    assert never == set(), "no time is left for stages that never come"


def test_designs_of_every_kind_with_measured_figures(exploration: Exploration) -> None:
    frontier = load_frontier(exploration.folder)
    assert frontier == exploration.frontier
    names = {p.name for p in frontier.designs}
    assert names == {"lut-network-12-symbolic", "lut-network-12-free", "additive-12"}
    for point in frontier.designs:
        assert point.hardware is not None
        lut = point.hardware.figures[FigureKey.LUT]
        assert lut is not None and lut.value > 0 and lut.origin == "measured"
    assert max(p.test for p in frontier.designs) > 0.8 * frontier.teacher_test
    best = frontier.best()
    assert [p.validation for p in best] == sorted(p.validation for p in best)
    assert (exploration.folder / "frontier.svg").read_text().count("<path") > 10
    assert "| accuracy, test |" in (exploration.folder / "frontier.md").read_text()


def test_every_design_is_a_verified_result_that_view_finds(exploration: Exploration) -> None:
    entries = find_results(exploration.folder)
    assert {e.name for e in entries} == {p.name for p in exploration.frontier.designs}
    for entry in entries:
        executors = entry.report.verification.executors
        assert len(executors) == 2 and all(a.differences == 0 and a.values > 1000 for a in executors)
        assert (entry.folder / "hls").is_dir() and (entry.folder / "rtl").is_dir()


def test_every_report_shows_all_designs_and_marks_its_own(exploration: Exploration) -> None:
    designs = exploration.frontier.designs
    assert len(designs) > 2
    for point in designs:
        shown = load_report(exploration.folder / point.name).designs
        assert [d.name for d in shown] == [f"{p.name}: {p.label}" for p in designs]
        assert [d.name for d in shown if d.chosen] == [f"{point.name}: {point.label}"]
        assert all(d.lut is not None and d.formulas for d in shown)
        networks = [d for d in shown if d.name.startswith("lut-network")]
        assert networks and all("tables" in f for d in networks for f in d.formulas.values())


def test_symbolic_formulas_are_the_circuit_to_the_bit(
    options: ExploreOptions, exploration: Exploration
) -> None:
    problem = prepare(options, SilentProgress()).problem
    inputs = problem.test.inputs
    for kind in Tables:
        path = exploration.folder / file_name(f"lut-network-12-{kind.value}")
        design = read_design(path, problem)
        same = np.array_equal(design.float_outputs(inputs), design.predict(inputs))
        exact = all(e.largest == 0 for e in design.errors.values())
        assert same == exact, "entries that moved are told from those of the formula"
        if kind is Tables.SYMBOLIC:
            assert same, "a symbolic table is the rounded value of its formula"


def test_goes_on_where_it_stopped_with_the_same_result(
    options: ExploreOptions, exploration: Exploration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = evolve(options, strategies=(StrategyName.LUT_NETWORK,))
    part = tmp_path / "study"
    calls = 0

    def stop(*arguments: object, **more: object) -> object:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise KeyboardInterrupt
        return build_circuit(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(implement, "build_circuit", stop)
    with pytest.raises(KeyboardInterrupt):
        explore_network(evolve(few, output=part))
    assert len(load_frontier(part).designs) == 1, "what was finished is kept"
    monkeypatch.setattr(implement, "build_circuit", build_circuit)
    resumed = explore_network(evolve(few, output=part)).frontier
    networks = [p for p in exploration.frontier.designs if p.name.startswith("lut-network")]
    assert _figures(resumed.designs) == _figures(networks)


def _figures(points: Sequence[FrontierPoint]) -> list[tuple[str, float, float | None]]:
    return [(p.name, p.test, p.value(FigureKey.LUT)) for p in points]


def test_compile_takes_a_design_by_name_or_by_budget(
    small: CompileOptions, exploration: Exploration, tmp_path: Path
) -> None:
    network = next(p for p in exploration.frontier.designs if p.name.endswith("symbolic"))
    named = evolve(
        small, output=tmp_path / "named", explored=exploration.folder, design=network.name, baseline=False
    )
    result = compile_network(named)
    assert result.circuit.hardware is not None and result.circuit.hardware.lut is not None
    assert result.circuit.hardware.lut.value == network.value(FigureKey.LUT)
    report = load_report(tmp_path / "named")
    assert report.reading is not None
    assert any(line.name == "v0" for line in report.reading.exact), "values have lines of their own"
    assert {d.name for d in report.designs} == {f"{p.name}: {p.label}" for p in exploration.frontier.designs}
    assert [d.name for d in report.designs if d.chosen] == [f"{network.name}: {network.label}"]
    program = load(tmp_path / "named" / "rtl" / "program.json")
    assert np.array_equal(
        Interpreter(program).run(np.zeros((1, program.n_inputs), np.int64)),
        Interpreter(result.design.program).run(np.zeros((1, program.n_inputs), np.int64)),
    )
    cheapest = min(p.value(FigureKey.LUT) or 0 for p in exploration.frontier.designs)
    asked = evolve(small, output=tmp_path / "b", explored=exploration.folder, baseline=False)
    small_one = compile_network(evolve(asked, max_lut=int(cheapest)))
    assert small_one.circuit.hardware is not None and small_one.circuit.hardware.lut is not None
    assert small_one.circuit.hardware.lut.value <= cheapest


def test_a_design_is_compiled_with_the_inputs_it_was_explored_with(
    small: CompileOptions, exploration: Exploration, tmp_path: Path
) -> None:
    network = next(p for p in exploration.frontier.designs if p.name.endswith("symbolic"))
    # With readable designs among the strategies the inputs would be in decimal units.
    every = evolve(
        small, output=tmp_path / "every", strategies=tuple(StrategyName), explored=exploration.folder,
        design=network.name, baseline=False, synthesis="estimate",
    )  # fmt: skip
    result = compile_network(every)
    scores = {f.split: f.scores for f in result.report.fidelity}["test"]
    assert scores["design"].accuracy == network.test
    for change in ({"scaler": "standard"}, {"scaler": "decimal"}, {"input_bits": 5}):
        with pytest.raises(InputError, match="other inputs"):
            compile_network(evolve(every, output=tmp_path / "other", overwrite=True, **change))


def test_what_it_refuses(small: CompileOptions, exploration: Exploration, tmp_path: Path) -> None:
    asked = evolve(small, output=tmp_path / "r", explored=exploration.folder, baseline=False)
    with pytest.raises(InputError, match="has no design 'additive-9999': it has "):
        compile_network(evolve(asked, design="additive-9999"))
    with pytest.raises(BudgetError, match="no design of the exploration meets the budgets"):
        compile_network(evolve(asked, max_lut=1))
    with pytest.raises(InputError, match="of which exploration"):
        evolve(small, design="additive-12")
    with pytest.raises(InputError, match=r"give the output of 'sr2hls explore'"):
        compile_network(evolve(asked, explored=tmp_path))
    other = tmp_path / "data.npz"
    shutil.copy(small.data, other)
    with np.load(other) as kept:
        np.savez(other, X=kept["X"][:2500], y=kept["y"][:2500])
    with pytest.raises(InputError, match="of another network or other data"):
        compile_network(evolve(asked, data=other, design=exploration.frontier.designs[0].name))
    with pytest.raises(InputError, match="at least one size"):
        ExploreOptions(checkpoint=small.checkpoint, data=small.data, output=tmp_path, luts=())


def test_sizes_that_nothing_fits_are_named(options: ExploreOptions, tmp_path: Path) -> None:
    heard: list[str] = []

    class Notes(SilentProgress):
        def note(self, text: str) -> None:
            heard.append(text)

    tiny = evolve(options, output=tmp_path / "t", luts=(1,), strategies=(StrategyName.LUT_NETWORK,))
    with pytest.raises(InputError, match="no design was made: give fewer bits to the inputs, or more --luts"):
        explore_network(tiny, Notes())
    assert any(note.startswith("no LUT network of 1 LUT: the smallest takes ") for note in heard)


def test_the_python_call(small: CompileOptions, exploration: Exploration, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unknown option 'sizes': ExploreOptions has "):
        explore(small.checkpoint, small.data, tmp_path, sizes=(10,))
    found = explore(
        small.checkpoint, small.data, tmp_path / "s", luts=(12,), strategies=(StrategyName.LUT_NETWORK,),
        tables=Tables.SYMBOLIC, effort=small.effort, engine=small.engine, baseline=False,
    )  # fmt: skip
    assert _figures(found.frontier.designs) == [
        f for f in _figures(exploration.frontier.designs) if f[0] == "lut-network-12-symbolic"
    ]
