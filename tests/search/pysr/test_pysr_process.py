"""PySR's process: whatever becomes of it, its hall of fame is read, and nothing is left behind."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from sr2hls.costs import Operators, additive_cycles, custom_operator, node_count, published_cycles
from sr2hls.errors import InputError, ToolError, UnsafeFileError
from sr2hls.search import Front, Frontier, Loss, PySREngine, PySRSettings, SearchOptions
from sr2hls.search.base import SearchProgress
from sr2hls.search.pysr import process as process_module
from sr2hls.search.pysr.hall import rows_of_run
from sr2hls.search.pysr.julia import start_julia

Standin = Callable[..., Callable[[], dict[str, Any]]]
X = np.random.default_rng(0).uniform(0.5, 2, (60, 2))
Y = X[:, 0] ** 2 + 0.5
OPTIONS = SearchOptions(operators=("+", "*", "/"))
COST = additive_cycles(published_cycles())


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_module, "_GRACE_S", 0.3)
    monkeypatch.setattr(process_module, "_LOOK_S", 0.05)
    monkeypatch.setattr(process_module, "_REPORT_S", 0.1)


def search(engine: PySREngine | None = None, y: np.ndarray = Y, **more: Any) -> Frontier:
    given = {"cost": COST, "options": OPTIONS, "seed": 3} | more
    return (engine or PySREngine()).search(X, y, **given)


def formulas(front: Front) -> set[str]:
    return {str(c.expr) for c in front.candidates}


def test_a_search_that_ends_by_itself(standin: Standin, nothing_left: Callable[[], bool]) -> None:
    told = standin("finish")
    frontier = search()
    assert frontier.select("loss")[0].loss < 1e-20
    call = told()
    assert not call["torch"], "PySR is imported before torch, in a process that has not sr2hls either"
    assert call["session"], "no Ctrl-C of the terminal reaches it"
    assert (call["X"], call["y"]) == ([[60, 2], "float64"], [60])
    assert call["keyword"]["complexity_of_operators"] == {"+": 1, "*": 1, "/": 29}
    assert frontier.told["pysr"]["operators"] == {"+": 1, "*": 1, "/": 29}
    assert "PySR 2.7.2, SymbolicRegression.jl 1.13.0, Julia 1.10.9" in frontier.notes[0]
    assert any("+ 1, * 1, / 29, constants and variables 1" in note for note in frontier.notes)
    assert nothing_left()


def test_the_time_limit_is_kept_from_outside(standin: Standin, nothing_left: Callable[[], bool]) -> None:
    standin("go on")
    begun = time.monotonic()
    frontier = search(time_limit=1.0)
    assert time.monotonic() - begun < 30, "it would go on for ten minutes"
    assert formulas(frontier[0])
    assert "PySR was ended at the time limit: what its hall of fame held is kept" in frontier.notes
    assert nothing_left()


def test_ctrl_c_keeps_the_best_so_far(standin: Standin, nothing_left: Callable[[], bool]) -> None:
    standin("go on")
    seen: list[SearchProgress] = []

    def interrupt(progress: SearchProgress) -> None:
        seen.append(progress)
        if progress.loss == 0.125:
            signal.raise_signal(signal.SIGINT)

    frontier = search(progress=interrupt)
    assert frontier.notes[0] == "interrupted, the best so far is kept"
    assert frontier.select("loss")[0].loss < 1e-20
    assert seen[0].message == "PySR starts Julia"
    assert seen[-2].message.startswith("PySR, ") and seen[-2].loss == 0.125
    assert (seen[-1].fraction, seen[-1].loss) == (1.0, frontier.select("loss")[0].loss)
    assert nothing_left()


def test_ctrl_c_while_formulas_are_polished(standin: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    standin("finish")

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sr2hls.search.polish.Polisher.polish", interrupt)
    frontier = search()
    assert formulas(frontier[0]) == {"x0", "x0 + 0.5", "x0**2 + 0.5"}
    assert "interrupted, the best so far is kept" in frontier.notes
    assert any(note.startswith("3 formulas are as PySR wrote them") for note in frontier.notes)


def test_workers_in_other_sessions_end_too(standin: Standin, nothing_left: Callable[[], bool]) -> None:
    standin("workers")
    assert formulas(search(time_limit=1.0)[0])
    assert nothing_left()


def test_julia_that_dies_leaves_its_hall_of_fame(standin: Standin, nothing_left: Callable[[], bool]) -> None:
    standin("die")
    frontier = search()
    assert formulas(frontier[0])
    (note,) = (n for n in frontier.notes if "died" in n)
    assert note.startswith("PySR's process died (signal SIGSEGV, [42] signal (11.1): Segmentation fault)")
    assert nothing_left()


@pytest.mark.parametrize(
    ("way", "message"),
    [
        ("die early", r"PySR's process died \(signal SIGSEGV, .*before it had a formula"),
        ("fail", "PySR failed: RuntimeError: Julia: UndefVarError: `foo` not defined"),
        ("no start", "PySR failed: RuntimeError: could not find Julia 1.10"),
        ("nothing", r"PySR wrote no formula in 0 s: .*max_rows \(now 2000\).*counts in cycles"),
    ],
)
def test_a_search_without_a_formula_says_why(
    way: str, message: str, standin: Standin, nothing_left: Callable[[], bool]
) -> None:
    standin(way)
    with pytest.raises(ToolError, match=message):
        search()
    assert nothing_left()


def test_a_failure_after_the_search_keeps_its_rows(standin: Standin) -> None:
    standin("fail late")
    frontier = search()
    assert formulas(frontier[0])
    assert any(
        n.startswith("PySR failed after its search (RuntimeError: Julia: UndefVar") for n in frontier.notes
    )


def test_a_hall_of_fame_cut_short(standin: Standin) -> None:
    standin("torn")
    frontier = search(time_limit=1.0, options=OPTIONS)
    assert frontier.select("loss")[0].loss < 1e-20, "the .bak has the row that the file lost the end of"


def test_rows_of_damaged_files(tmp_path: Path) -> None:
    whole = "Complexity,Loss,Equation\n1,0.5,x0\n3,0.25,x0 + 0.5\n"
    (tmp_path / "hall_of_fame.csv").write_text(whole[:-4])
    assert [r.equation for r in rows_of_run(tmp_path, 1)[0]] == ["x0"], "half a formula is another formula"
    (tmp_path / "hall_of_fame.csv.bak").write_text("Complexity,Loss,Equation\n1,0.5,x0\n5,0.1,x0 * x0\n")
    assert [r.equation for r in rows_of_run(tmp_path, 1)[0]] == ["x0", "x0 * x0"]
    (tmp_path / "hall_of_fame.csv").write_bytes(b"\xff\xfe")
    assert len(rows_of_run(tmp_path, 1)[0]) == 2
    assert rows_of_run(tmp_path / "nowhere", 2) == ((), ())


def test_an_output_without_a_formula_is_named(standin: Standin) -> None:
    standin("first only")
    frontier = search(y=np.column_stack([Y, Y]))
    assert formulas(frontier[0]) and not frontier[1].candidates
    assert "y1: PySR had no formula yet" in frontier.notes


def test_warnings_and_output_are_captured(standin: Standin, capfd: pytest.CaptureFixture[str]) -> None:
    standin("warn")
    frontier = search()
    assert "PySR warns: something to know" in frontier.notes
    assert not any("maxsize" in n and "warns" in n for n in frontier.notes), "it counts cycles, not nodes"
    shown = capfd.readouterr()
    assert shown.out == shown.err == ""


def test_weights_and_a_sample_of_rows(standin: Standin) -> None:
    told = standin("finish")
    weights = np.linspace(1, 3, len(X))
    rows = np.arange(len(X))
    # Rows of a second law count for nothing as soon as their weight is small enough.
    y = np.where(rows < 30, Y, Y + 1)
    weights[30:] = 1e-9
    frontier = search(PySREngine(PySRSettings(max_rows=20)), y=y, weights=weights)
    call = told()
    assert call["X"][0] == [20, 2] and call["weights"][2] == [20]
    assert frontier.select("loss")[0].loss < 1e-8, "losses are weighted, on all rows"
    assert any("on 20 of 60 rows" in note for note in frontier.notes)
    search(weights=weights, options=replace(OPTIONS, loss=Loss.LOG))
    assert told()["keyword"]["elementwise_loss"].startswith("(prediction, target, weight) -> weight * (")
    with pytest.raises(InputError, match="weights have to be positive"):
        search(weights=-weights)
    with pytest.raises(InputError, match=r"weights have shape \(3,\) for outputs of shape \(60, 1\)"):
        search(weights=np.ones(3))


def test_what_pysr_counts_is_cycles_unless_told(standin: Standin) -> None:
    told = standin("finish")
    search(cost=node_count(Operators()))
    assert told()["keyword"]["complexity_of_operators"] == {"+": 1, "*": 1, "/": 29}
    search(PySREngine(complexity=node_count(Operators())), cost=node_count(Operators()))
    assert told()["keyword"]["complexity_of_operators"] == {"+": 1, "*": 1, "/": 1}
    unlisted = SearchOptions(operators=("+", "erf"))
    frontier = search(cost=node_count(Operators()), options=unlisted)
    assert frontier.told["pysr"]["cost"] == "nodes", "the published table has no erf"


def test_objects_of_pysr_and_own_operators(standin: Standin) -> None:
    told = standin("finish")
    operators = Operators().extend([custom_operator("lorentz", {"definition": "1/(1.5 + x**2)"})])
    options = SearchOptions(operators=("+", "*", "lorentz", "^"), definitions=operators)
    template = {
        "class": "TemplateExpressionSpec",
        "combine": "f(x0) + g(x1)",
        "expressions": ["f", "g"],
        "variable_names": ["x0", "x1"],
    }
    settings = PySRSettings(
        keyword={"expression_spec": template, "operators": {1: ["sin"], 2: ["+"]}, "guesses": ["x0"]}
    )
    search(PySREngine(settings), options=options)
    keyword = told()["keyword"]
    assert keyword["expression_spec"] == ["f(x0) + g(x1)", ["f", "g"], ["x0", "x1"], None]
    assert keyword["extra_sympy_mappings"] == {"lorentz": "1/(a**2 + 1.5)"}
    assert keyword["constraints"] == {"^": [-1, 1]}
    with pytest.raises(ToolError, match="has no object 'Popen' for a keyword argument"):
        search(PySREngine(PySRSettings(keyword={"logger_spec": {"class": "Popen"}})))
    with pytest.raises(InputError, match="'loss_function' is a function, which cannot be sent"):
        search(PySREngine(PySRSettings(keyword={"loss_function": lambda: 1})))


def test_resuming_takes_the_run_of_the_directory(standin: Standin, tmp_path: Path) -> None:
    told = standin("finish")
    runs = tmp_path / "runs"
    first = PySREngine(PySRSettings(output_directory=str(runs), run_id="first"))
    search(first)
    (runs / "first").rename(runs / "moved")
    old = (runs / "moved" / "hall_of_fame.csv").read_text()
    (runs / "moved" / "hall_of_fame.csv").write_text(old + "7,0.01,x0 + x1\n")
    with pytest.raises(UnsafeFileError, match=r"unpickles PySR's checkpoint.*trust_pickle"):
        search(PySREngine(PySRSettings(resume_from=str(runs / "moved"))))
    settings = PySRSettings(resume_from=str(runs / "moved"), trust_pickle=True)
    frontier = search(PySREngine(settings, polish=False))
    assert told()["folder"] == str(runs / "moved")
    assert told()["keyword"]["warm_start"] is True
    assert len(frontier[0].candidates) >= 1
    with pytest.raises(InputError, match=r"has no checkpoint.pkl: give a run directory"):
        search(PySREngine(PySRSettings(resume_from=str(tmp_path), trust_pickle=True)))


def test_warm_start_goes_on_in_the_same_run(standin: Standin, tmp_path: Path) -> None:
    told = standin("finish")
    engine = PySREngine(PySRSettings(output_directory=str(tmp_path / "runs"), warm_start=True))
    search(engine)
    folder = told()["folder"]
    search(engine, seed=4)
    assert told()["folder"] == folder
    assert len(list((tmp_path / "runs").iterdir())) == 1
    with pytest.raises(InputError, match="warm_start goes on from files of the last search"):
        PySRSettings(warm_start=True)


def test_starting_julia(standin: Standin, nothing_left: Callable[[], bool]) -> None:
    standin("finish")
    assert start_julia(60).versions == {"pysr": "2.7.2", "julia": "1.10.9", "symbolic_regression": "1.13.0"}
    standin("no start")
    with pytest.raises(ToolError, match=r"Julia does not start: RuntimeError: could not find Julia 1\.10"):
        start_julia(60)
    standin("slow start")
    with pytest.raises(ToolError, match=r"Julia did not start within 0\.5 s"):
        start_julia(0.5)
    assert nothing_left()


def _command(tmp_path: Path) -> "subprocess.Popen[bytes]":
    np.savez(tmp_path / "data.npz", X=X, y=Y)
    words = ["search", "data.npz", "-o", "out", "--engines", "pysr", "--operators", "+ *", "--quiet"]
    return subprocess.Popen(
        [sys.executable, "-m", "sr2hls", *words],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
    )


def _wait_for_rows(tmp_path: Path) -> None:
    for _ in range(600):
        if list((tmp_path / "scratch").glob("sr2hls_pysr_*/*/hall_of_fame.csv.bak")):
            time.sleep(0.3)
            return
        time.sleep(0.1)
    raise AssertionError("PySR's process has written nothing")


def test_ctrl_c_of_the_command_line(
    standin: Standin, nothing_left: Callable[[], bool], tmp_path: Path
) -> None:
    standin("go on")
    process = _command(tmp_path)
    _wait_for_rows(tmp_path)
    process.send_signal(signal.SIGINT)
    error = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 130, error
    found = json.loads((tmp_path / "out" / "search.json").read_text())
    assert found["fronts"][0]["candidates"]
    assert (tmp_path / "out" / "hall_of_fame.csv").is_file()
    assert "Traceback" not in error
    assert nothing_left()


def test_a_killed_command_takes_pysr_with_it(standin: Standin, tmp_path: Path) -> None:
    standin("go on")
    process = _command(tmp_path)
    _wait_for_rows(tmp_path)
    child = psutil.Process(process.pid).children()[0]
    process.kill()
    process.communicate()
    child.wait(timeout=30)
    assert not child.is_running()


def test_a_search_outside_of_the_main_thread(standin: Standin) -> None:
    standin("finish")
    found: list[Frontier] = []
    thread = threading.Thread(target=lambda: found.append(search()))
    thread.start()
    thread.join(timeout=60)
    assert formulas(found[0][0])
