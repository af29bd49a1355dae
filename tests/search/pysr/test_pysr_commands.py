"""PySR's settings, costs and versions as commands have them, with the stand-in for PySR's process."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attrs import evolve

from sr2hls.cli.main import run
from sr2hls.costs import Operators, node_count
from sr2hls.design import Proposal
from sr2hls.doctor import PROBES
from sr2hls.flow.run_folder import options_key
from sr2hls.options import CompileOptions, Cost, Effort, EngineName
from sr2hls.prepare import prepare
from sr2hls.progress import SilentProgress
from sr2hls.report.store import load_report
from sr2hls.search import Frontier, PySREngine, read_hall_of_fame
from sr2hls.search.pysr.settings import PySRSettings, budget_of
from sr2hls.strategies.additive import Additive
from sr2hls.strategies.base import Context, Unkept
from sr2hls.strategies.fronts import Fronts

Standin = Callable[..., Callable[[], dict[str, Any]]]
ENGINE = PySREngine()
PYSR = next(probe for probe in PROBES if probe.name == "PySR")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    X = np.random.default_rng(0).uniform(0.5, 2, (80, 2))
    np.savez(tmp_path / "data.npz", X=X, y=X[:, 0] ** 2 + 0.5)
    return tmp_path / "data.npz"


def complexities(call: dict[str, Any]) -> Any:
    return call["keyword"].get("complexity_of_operators")


def test_search_counts_cycles_and_says_so(standin: Standin, data: Path, tmp_path: Path) -> None:
    told = standin("finish")
    words = ["search", str(data), "--engines", "pysr", "--operators", "+ * /", "--quiet"]
    assert run([*words, "-o", str(tmp_path / "a")]) == 0
    assert complexities(told()) == {"+": 1, "*": 1, "/": 29}
    frontier = Frontier.load(tmp_path / "a" / "search.json")
    assert frontier.cost_model["name"] == "additive cycles"
    assert frontier.told["pysr"]["operators"]["/"] == 29
    assert run([*words, "-o", str(tmp_path / "b"), "--cost", "path"]) == 0
    assert "complexity_mapping" in told()["keyword"]
    assert Frontier.load(tmp_path / "b" / "search.json").told["pysr"]["cost"] == "longest path"


def test_distil_hands_a_file_over(standin: Standin, tmp_path: Path) -> None:
    import torch

    told = standin("finish")
    batch = torch.export.Dim("batch")
    program = torch.export.export(
        torch.nn.Linear(2, 1).eval(), (torch.zeros(2, 2),), dynamic_shapes=({0: batch},)
    )
    torch.export.save(program, tmp_path / "net.pt2")
    np.savez(tmp_path / "rows.npz", X=np.random.default_rng(0).uniform(0.5, 2, (80, 2)))
    (tmp_path / "pysr.toml").write_text("niterations = 7\n[keyword]\nparsimony = 0.1\n")
    words = ["distil", str(tmp_path / "net.pt2"), "--data", str(tmp_path / "rows.npz"), "--engine", "pysr"]
    more = ["--pysr", str(tmp_path / "pysr.toml"), "-o", str(tmp_path / "out"), "--json"]
    assert run([*words, *more]) == 0
    keyword = told()["keyword"]
    assert (keyword["niterations"], keyword["parsimony"]) == (7, 0.1)
    assert complexities(told())["sin"] == 8


@pytest.mark.parametrize(
    ("cost", "expected"),
    [(None, {"+": 1, "-": 1, "*": 1, "tanh": 51, "exp": 3}), (Cost.PATH, None), (Cost.ESTIMATED, None)],
)
def test_compile_counts_cycles_unless_told(
    standin: Standin, small: CompileOptions, tmp_path: Path, cost: Cost | None, expected: Any
) -> None:
    told = standin("finish")
    (tmp_path / "pysr.toml").write_text("[keyword]\nparsimony = 0.1\n")
    options = evolve(
        small,
        output=tmp_path / "out",
        engine=EngineName.PYSR,
        cost=cost,
        effort=Effort.HIGH,
        pysr=tmp_path / "pysr.toml",
    )
    context = Context(prepare(options, SilentProgress()), options, Unkept(), SilentProgress())
    proposal = next(Fronts(context).propose(context.problem, (10_000,)))
    assert isinstance(proposal, Proposal) and proposal.frontier is not None
    frontier, call = proposal.frontier, told()
    assert complexities(call) == expected
    assert (call["keyword"]["niterations"], call["keyword"]["parsimony"]) == (200, 0.1)
    assert frontier.cost_model["unit"] == ("cycles" if cost is Cost.PATH else "LUT")


def test_functions_of_one_input_start_no_julia(
    standin: Standin, small: CompileOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    standin("no start")
    options = evolve(small, output=tmp_path / "out", engine=EngineName.PYSR, jobs=1)
    notes: list[str] = []
    progress = SilentProgress()
    monkeypatch.setattr(progress, "note", notes.append)
    context = Context(prepare(options, progress), options, Unkept(), progress)
    assert isinstance(next(Additive(context).propose(context.problem, (30,))), Proposal)
    assert "engine operon for functions of one input: PySR would start Julia for each of them" in notes


def test_what_pysr_is_given_decides_whose_result_a_folder_holds(
    small: CompileOptions, data: Path, tmp_path: Path
) -> None:
    (file := tmp_path / "pysr.toml").write_text("niterations = 7\n")
    options = evolve(small, pysr=file)
    before = options_key(options)
    file.write_text("niterations = 8\n")
    assert options_key(options) != before
    counted = [replace(ENGINE, complexity=c).fingerprint for c in (None, node_count(Operators()))]
    more = replace(ENGINE, settings=PySRSettings(niterations=3)).fingerprint
    assert len({*counted, more}) == 3
    assert replace(ENGINE, last_run=tmp_path).fingerprint == counted[0]


def test_effort_time_and_cores_decide_how_much() -> None:
    low, high = (budget_of(PySRSettings(effort=e), None, cores=64) for e in (Effort.LOW, Effort.HIGH))
    assert low.niterations < high.niterations and low.max_rows < high.max_rows
    assert low.deterministic and low == budget_of(PySRSettings(effort=Effort.LOW), None, cores=1)
    timed = budget_of(PySRSettings(), 60.0, cores=8)
    assert not timed.deterministic and timed.niterations > 10**6 and timed.populations == 24
    assert budget_of(PySRSettings(niterations=5, populations=4, max_rows=9), 60.0, cores=8).niterations == 5
    assert budget_of(PySRSettings(deterministic=True), 60.0, cores=8).deterministic


def test_doctor_starts_julia(standin: Standin, julia: Path) -> None:
    standin("finish")
    found = PYSR.find()
    assert found.works
    assert found.version.startswith("2.7.2, SymbolicRegression.jl 1.13.0, Julia 1.10.9, which took ")
    standin("no start")
    broken = PYSR.find()
    assert not broken.works and "could not find Julia 1.10" in broken.remedy


def test_doctor_without_julia(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_JULIAPKG_PROJECT", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("PYTHON_JULIACALL_EXE", raising=False)
    found = PYSR.find()
    assert found.remedy.endswith("(downloads several hundred MB) (Julia is not installed)")


def test_an_interrupted_compilation_keeps_the_best_so_far_and_goes_on_to_a_circuit(
    standin: Standin, nothing_left: Callable[[], bool], small: CompileOptions, tmp_path: Path
) -> None:
    out, words = tmp_path / "out", _compile_words(small, tmp_path / "out")

    def interrupt() -> None:
        while not list(tmp_path.glob("scratch/sr2hls_pysr_*/*/hall_of_fame_output3.csv.bak")):
            time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGINT)

    standin("go on")
    threading.Thread(target=interrupt, daemon=True).start()
    assert run(words) == 130
    kept = read_hall_of_fame(out / "interrupted", cost=node_count(Operators()))
    assert [bool(front.candidates) for front in kept.fronts] == [True] * 3
    assert not (out / "stages" / "fronts.json").exists(), "the search is not taken for a finished one"
    assert nothing_left()
    told = standin("finish")
    assert run(words) == 0, "the same command goes on to a circuit of PySR's formulas"
    assert not (out / "interrupted").exists()
    assert told()["y"][1] == 3, "one call for all outputs"
    assert told()["keyword"]["niterations"] == 10, "what --effort low means"
    report = load_report(out)
    (executor,) = {e.executor.split()[0] for e in report.verification.executors} - {"Verilog"}
    assert executor == "C++" and all(e.differences == 0 for e in report.verification.executors)
    assert {c.engine for front in report.fronts for c in front.candidates} == {"pysr"}
    (costs,) = report.fronts[0].told
    assert (costs.engine, costs.operators["exp"], costs.leaf) == ("pysr", 3, 1)
    page = (out / "report.html").read_text()
    assert "What pysr counted" in page and "<code>exp</code></th><td>3</td>" in page
    assert (out / "rtl").is_dir() and (out / "hls").is_dir()


def _compile_words(small: CompileOptions, out: Path) -> list[str]:
    words = ["compile", str(small.checkpoint), "--data", str(small.data), "-o", str(out), "--engine", "pysr"]
    few = ["--effort", "low", "--strategy", "fronts", "--synthesis", "estimate", "--no-baseline"]
    return [*words, *few, "--prove", "0"]


def test_an_interrupted_study_goes_on_where_it_was(
    standin: Standin, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    standin("finish")
    whole = PySREngine.search

    def cut_short(self: PySREngine, *args: Any, **more: Any) -> Frontier:
        found = whole(self, *args, **more)
        return replace(found, notes=("interrupted, the best so far is kept", *found.notes))

    monkeypatch.setattr(PySREngine, "search", cut_short)
    words = ["search", str(data), "--engines", "pysr", "--operators", "+ *", "--seeds", "0,1", "--quiet"]
    out = tmp_path / "out"
    assert run([*words, "-o", str(out)]) == 130
    tasks = [p.name for p in (out / "tasks").iterdir()]
    assert tasks == ["output0_setting0_seed0.partial.json"], "Ctrl-C ends the study, not one search of it"
    assert json.loads((out / "search.json").read_text())["fronts"][0]["candidates"]
    monkeypatch.setattr(PySREngine, "search", whole)
    assert run([*words, "-o", str(out)]) == 0
    assert sorted(p.name for p in (out / "tasks").iterdir()) == [
        f"output0_setting0_seed{seed}.json" for seed in (0, 1)
    ]
