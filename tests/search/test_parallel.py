"""Studies: every search is done once, whatever dies in between."""

import json
import os
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import sympy
from numpy.typing import ArrayLike

from sr2hls.costs import CostModel, additive_cycles, describe, published_cycles
from sr2hls.errors import InputError, ToolError
from sr2hls.search import (
    Candidate,
    EQLEngine,
    Front,
    Frontier,
    OperonEngine,
    OperonSettings,
    PySREngine,
    PySRSettings,
    SearchOptions,
    SearchProgress,
    Study,
    parallel,
    run_study,
)
from sr2hls.search.base import Engine, ProgressCallback
from sr2hls.search.parallel import collect
from sr2hls.search.similarity import DimensionalEngine
from sr2hls.search.units import Units

COST = additive_cycles(published_cycles())
RNG = np.random.default_rng(5)
X = RNG.uniform(-2, 2, (80, 2))
Y = np.column_stack([X[:, 0] * X[:, 1], X[:, 0] + 1.0])


@dataclass(frozen=True)
class LoggedEngine:
    """Notes each start in a file, takes its time, then finds one formula whose constant is the seed."""

    log: str
    seconds: float = 0.0
    settings: str = ""
    name: str = "logged"

    @property
    def fingerprint(self) -> str:
        return self.settings

    def search(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        cost: CostModel,
        options: SearchOptions,
        seed: int = 0,
        time_limit: float | None = None,
        progress: ProgressCallback | None = None,
    ) -> Frontier:
        output = (options.output_names or ("y",))[0]
        with Path(self.log).open("a") as file:
            file.write(f"{output} {seed} {os.getpid()}\n")
        time.sleep(self.seconds)
        candidate = Candidate(sympy.Integer(seed), 1.0 / (1 + seed), 1.0 + seed, None, 1 + seed, self.name)
        return Frontier((Front(output, (candidate,)),), options.input_names or ("a", "b"), describe(cost))


def study(*engines: object, seeds: tuple[int, ...] = (0, 1), y: np.ndarray = Y) -> Study:
    options = SearchOptions(operators=("+", "-", "*"), max_size=8, input_names=("pt", "eta"))
    return Study.of(X, y, cost=COST, options=options, engines=engines, seeds=seeds)  # type: ignore[arg-type]


def starts(log: Path) -> list[tuple[str, str]]:
    return [(line.split()[0], line.split()[1]) for line in log.read_text().splitlines()]


def test_all_outputs_seeds_and_settings(tmp_path: Path) -> None:
    quick = OperonEngine(OperonSettings(50, 5, 1))
    wider = OperonEngine(OperonSettings(60, 5, 1))
    reports: list[SearchProgress] = []
    frontier = run_study(study(quick, wider), tmp_path, progress=reports.append)
    assert len(list((tmp_path / "tasks").glob("*.json"))) == 2 * 2 * 2
    assert [r.fraction for r in reports] == [k / 8 for k in range(1, 9)]
    assert frontier.input_names == ("pt", "eta")
    assert [f.output for f in frontier.fronts] == ["y0", "y1"]
    x0, x1 = sympy.symbols("x0 x1")
    assert [c.expr for c in frontier.select("loss")] == [x0 * x1, x0 + 1]


def test_processes_give_what_one_process_gives(tmp_path: Path) -> None:
    engine = OperonEngine(OperonSettings(50, 4, 1))
    one = run_study(study(engine), tmp_path / "one")
    two = run_study(study(engine), tmp_path / "two", jobs=2)
    assert one.to_dict() == two.to_dict()


def test_a_study_goes_on_where_it_stopped(tmp_path: Path) -> None:
    log = tmp_path / "log"
    full = study(LoggedEngine(str(log)))
    run_study(full, tmp_path / "study")
    assert len(starts(log)) == 4
    (tmp_path / "study" / "tasks" / "output1_setting0_seed0.json").unlink()
    run_study(full, tmp_path / "study")
    assert starts(log)[4:] == [("y1", "0")]
    more = study(LoggedEngine(str(log)), seeds=(0, 1, 7))
    merged = run_study(more, tmp_path / "study")
    assert starts(log)[5:] == [("y0", "7"), ("y1", "7")], "new seeds only"
    assert [c.cost for c in merged[0].candidates] == [1.0, 2.0, 8.0]


def test_ctrl_c_keeps_what_is_finished(tmp_path: Path) -> None:
    log = tmp_path / "log"

    def progress(report: SearchProgress) -> None:
        if report.fraction >= 0.5:
            os.kill(os.getpid(), signal.SIGINT)

    frontier = run_study(study(LoggedEngine(str(log))), tmp_path / "study", progress=progress)
    assert any("interrupted after 2 of 4" in note for note in frontier.notes)
    assert len(frontier[0]) == 2
    assert len(frontier[1]) == 0
    assert len(run_study(study(LoggedEngine(str(log))), tmp_path / "study")[1]) == 2
    assert len(starts(log)) == 4


def test_another_study_in_the_directory_is_refused(tmp_path: Path) -> None:
    log = tmp_path / "log"
    run_study(study(LoggedEngine(str(log))), tmp_path / "study")
    with pytest.raises(InputError, match="holds a study of other data, costs or options"):
        run_study(study(LoggedEngine(str(log)), y=Y + 1), tmp_path / "study")
    with pytest.raises(InputError, match="holds a study of other data"):
        run_study(study(LoggedEngine(str(log), settings="other")), tmp_path / "study")
    (tmp_path / "study" / "study.json").write_text("{")
    with pytest.raises(InputError, match=r"study.json is damaged"):
        run_study(study(LoggedEngine(str(log))), tmp_path / "study")


def test_engines_with_other_settings_are_another_study(tmp_path: Path) -> None:
    mass, length = (DimensionalEngine(OperonEngine(), Units((unit, "s"), "1")) for unit in ("kg", "m"))
    kinds: list[tuple[Engine, Engine]] = [
        (EQLEngine(rounds=1), EQLEngine(rounds=2)),
        (mass, length),
        (PySREngine(PySRSettings(niterations=3)), PySREngine(PySRSettings(niterations=4))),
        (OperonEngine(OperonSettings(50, 5, 1)), OperonEngine(OperonSettings(60, 5, 1))),
    ]
    for one, other in kinds:
        assert study(one).fingerprint != study(other).fingerprint, one.name
        assert study(one).fingerprint == study(replace(one)).fingerprint  # type: ignore[type-var]


def test_a_study_of_an_older_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "study.json").write_text('{"schema": "sr2hls.flow.search/1", "fingerprint": "0"}')
    with pytest.raises(InputError, match="holds a study of another version: choose another directory"):
        run_study(study(LoggedEngine("none")), tmp_path)


def test_collecting_searches_nothing(tmp_path: Path) -> None:
    assert [len(f) for f in collect(study(LoggedEngine("none")), tmp_path).fronts] == [0, 0]


@pytest.mark.parametrize(
    ("engines", "seeds", "message"),
    [
        ((), (0,), "at least one engine"),
        ((LoggedEngine(""),), (), "one seed"),
        ((LoggedEngine(""),), (1, 1), "1, 1"),
    ],
)
def test_empty_studies(engines: tuple[object, ...], seeds: tuple[int, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        study(*engines, seeds=seeds)


def test_half_written_files_are_not_taken_for_results(tmp_path: Path) -> None:
    log = tmp_path / "log"
    (tmp_path / "study" / "tasks").mkdir(parents=True)
    (tmp_path / "study" / "tasks" / ".output0_setting0_seed0.json.abc").write_text('{"schema"')
    run_study(study(LoggedEngine(str(log))), tmp_path / "study")
    assert len(starts(log)) == 4


def test_killed_process_is_replaced(tmp_path: Path) -> None:
    log = tmp_path / "log"
    killed = []

    def progress(report: SearchProgress) -> None:
        if not killed:
            pids = {int(line.split()[2]) for line in log.read_text().splitlines()} - {os.getpid()}
            killed.extend(sorted(pids)[:1])
            os.kill(killed[0], signal.SIGKILL)

    frontier = run_study(
        study(LoggedEngine(str(log), seconds=0.5), seeds=(0, 1, 2)),
        tmp_path / "study",
        jobs=2,
        progress=progress,
    )
    assert killed
    assert [len(f) for f in frontier.fronts] == [3, 3]


def test_unreachable_scheduler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_CONNECT_S", 1.0)
    with pytest.raises(ToolError, match="cannot reach the Dask scheduler tcp://127"):
        run_study(study(LoggedEngine("none")), tmp_path, scheduler="tcp://127.0.0.1:1")


@dataclass(frozen=True)
class DyingEngine:
    """Kills its own process in the middle of one search, once; writes down what was kept by then."""

    log: str
    results: str
    name: str = "dying"
    fingerprint: str = "dying"

    def search(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        cost: CostModel,
        options: SearchOptions,
        seed: int = 0,
        time_limit: float | None = None,
        progress: ProgressCallback | None = None,
    ) -> Frontier:
        output = (options.output_names or ("y",))[0]
        if (output, seed) == ("y0", 4) and not (kept := Path(self.log + ".kept")).exists():
            kept.write_text("\n".join(file.name for file in Path(self.results).glob("output*.json")))
            with Path(self.log).open("a") as file:
                file.write(f"killed - {os.getpid()}\n")
            os.kill(os.getpid(), signal.SIGKILL)
        return LoggedEngine(self.log).search(X, y, cost=cost, options=options, seed=seed)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_dask_cluster_with_a_killed_worker_loses_and_repeats_nothing(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    log, results = tmp_path / "log", tmp_path / "study" / "tasks"
    seeds = tuple(range(6))
    finished: list[str] = []
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        frontier = run_study(
            study(DyingEngine(str(log), str(results)), seeds=seeds),
            tmp_path / "study",
            scheduler=cluster.scheduler_address,
            progress=lambda report: finished.append(report.message),
        )
    assert finished == [f"{k} of 12 searches" for k in range(1, 13)], "each result is handed over once"
    assert [len(f) for f in frontier.fronts] == [6, 6], "nothing is lost"
    assert len([json.loads(file.read_text()) for file in results.glob("*.json")]) == 12
    lines = starts(log)
    after = lines[lines.index(("killed", "-")) + 1 :]
    kept = {tuple(name.split("_")[::2]) for name in (tmp_path / "log.kept").read_text().split()}
    again = {(f"output{output[1:]}", f"seed{seed}.json") for output, seed in after}
    assert ("y0", "4") in after, "what the killed worker was doing is done again"
    assert not kept & again, "what was kept by then is not"
