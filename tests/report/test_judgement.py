"""What the head of a report says a design reaches: the objective's score, and simple models beside it."""

from pathlib import Path

import numpy as np
import sympy as sp

from sr2hls.design import Design, Proposal, decision_notes, make_design
from sr2hls.flow.judgement import judge, simple_scores
from sr2hls.flow.run_folder import RunFolder
from sr2hls.objectives import Objective, rare_objective
from sr2hls.options import CompileOptions
from sr2hls.problem import Problem, Split
from sr2hls.program.types import FixedType
from sr2hls.progress import SilentProgress
from sr2hls.report.html import to_html
from sr2hls.report.judgement import SimpleModels
from sr2hls.report.markdown import to_markdown
from sr2hls.report.model import Report, to_json
from sr2hls.report.summary import cards
from sr2hls.teacher.task import Task

A, B = sp.symbols("x0 x1")
TYPE = FixedType(True, 8, 4)
NONE = SimpleModels(fitted_rows=0, models=())


def rare(objective: Objective | None = None, share: float = 0.03) -> Problem:
    """A network that finds a signal of 3 %, in two inputs."""
    rng = np.random.default_rng(1)

    def split(rows: int) -> Split:
        labels = (rng.random(rows) < share).astype(np.int64)
        inputs = np.clip(rng.normal(size=(rows, 2)) + 2.0 * labels[:, None], -8, 7.9)
        inputs = np.round(inputs / TYPE.step) * TYPE.step
        return Split(inputs, 2.0 * inputs.sum(axis=1, keepdims=True) - 7.5, labels)

    types = {"x0": TYPE, "x1": TYPE}
    parts = split(4000), split(2000), split(4000)
    return Problem(Task.LOGITS, types, ("y0",), ("a", "b"), ("signal",), *parts, objective)


def design(problem: Problem, formula: sp.Expr) -> Design:
    return make_design(problem, Proposal("fronts", "a formula", {"y0": formula}))


def judged(report: Report, problem: Problem, made: Design, simple: SimpleModels = NONE) -> Report:
    same = decision_notes(problem, made)
    return report.model_copy(update={"judgement": judge(problem, made, simple), "same": same})


def test_a_rare_signal_is_judged_at_the_networks_rate() -> None:
    train = rare().train
    labels = np.asarray(train.labels)
    outputs = train.outputs
    rate = float(np.mean(outputs[labels == 0] > 0))
    assert rare_objective(Task.LOGITS, outputs, labels) == Objective("efficiency", rate, chosen=True)
    two = np.c_[np.zeros(len(outputs)), outputs]
    assert rare_objective(Task.LOGITS, two, labels) == Objective("efficiency", rate, chosen=True)
    assert rare_objective(Task.LOGITS, outputs - 100, labels) == Objective("auc", chosen=True)
    assert rare_objective(Task.LOGITS, outputs, np.arange(len(labels)) % 2) is None
    assert rare_objective(Task.LOGITS, np.tile(outputs, 5), labels) is None
    assert rare_objective(Task.REGRESSION, outputs, labels) is None
    assert rare_objective(Task.LOGITS, outputs, np.zeros(len(labels))) is None
    assert rare_objective(Task.LOGITS, outputs, None) is None


def test_the_headline_of_a_rare_signal(report: Report) -> None:
    """Accuracy is 0.98 of all three; what is kept of the signal tells them apart."""
    train = rare().train
    problem = rare(rare_objective(Task.LOGITS, train.outputs, train.labels))
    kept = {}
    for name, formula in (("good", 2 * A + 2 * B - 7.5), ("half", 4 * A - 7.5)):
        told = judged(report, problem, design(problem, formula))
        card = cards(told)[0]
        assert card.label == "Signal that the circuit keeps at the network's rate"
        assert told.judgement is not None
        assert told.judgement.signal is not None
        assert card.value == f"{told.judgement.signal.circuit:.4f}"
        assert "AUC 0.9" in card.detail
        assert "0.028 of the rows are signal" in card.detail
        kept[name] = told.judgement.signal
    test = problem.test
    passed, signal = test.outputs[:, 0] > 0, test.labels == 1
    assert kept["good"].rate == np.mean(passed[~signal])
    assert kept["good"].network == np.mean(passed[signal])
    assert kept["good"].circuit > 0.97 * kept["good"].network > 1.2 * kept["half"].circuit


def test_the_headline_is_what_was_asked_for(report: Report) -> None:
    problem = rare(Objective("efficiency", 0.01))
    told = judged(report, problem, design(problem, 2 * A + 2 * B - 7.5))
    first, second = cards(told)[:2]
    assert first.label == "Efficiency at 0.01 of the background of the circuit"
    assert told.judgement is not None
    assert first.value == f"{told.judgement.model('circuit').score:.4f}"
    assert second.label.startswith("Signal that the circuit keeps")
    assert "| design | tool | efficiency at 0.01 of the background |" in to_markdown(told)
    assert '"score_name":"efficiency at 0.01 of the background"' in to_html(told).replace('": "', '":"')
    common = rare(Objective("accuracy"), share=0.4)
    told = judged(report, common, design(common, 2 * A + 2 * B - 7.5))
    assert [c.label for c in cards(told)][:2] == ["Accuracy of the circuit", "Resources"]


def test_a_decision_that_never_changes_is_the_first_line(report: Report) -> None:
    problem = rare()
    told = judged(report, problem, design(problem, A / 8 - 7.5))
    first = to_markdown(told).split("\n- ")[1]
    assert first.startswith("**Decision:** always the same (the circuit decides 'not signal")
    assert "tells nothing apart" in first
    page = to_html(told)
    assert page.index("tells nothing apart") < page.index("Signal that the circuit keeps")


def test_simple_models_stand_in_every_report(report: Report, tmp_path: Path) -> None:
    problem = rare(share=0.4)
    options = CompileOptions(checkpoint=tmp_path / "n", data=tmp_path / "d", output=tmp_path / "out")
    for path in (options.checkpoint, options.data):
        path.write_text("x")
    with RunFolder(options) as run:
        simple = simple_scores(problem, run, SilentProgress())
        assert simple_scores(problem, run, SilentProgress()) == simple
        assert (run.path / "stages" / "simple_models.json").is_file()
    told = judged(report, problem, design(problem, A), simple)
    assert [m.name for m in simple.models] == ["linear", "quadratic", "boosted trees"]
    linear, circuit = simple.models[0].score, problem.score(problem.test.inputs[:, :1], problem.test)
    assert linear > circuit + 0.03
    markdown = to_markdown(told)
    assert "## What simple models reach on the same rows" in markdown
    assert f"| linear | {linear:.4g} |" in markdown
    assert "fitted to 4000 training rows" in markdown
    assert f"<td>{linear:.4g}</td>" in to_html(told)
    assert Report.model_validate_json(to_json(told)) == told
