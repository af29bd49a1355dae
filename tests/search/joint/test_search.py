import numpy as np
import pytest
import sympy as sp

from sr2hls.costs import additive_cycles, published_cycles
from sr2hls.errors import InputError
from sr2hls.search.base import SearchProgress
from sr2hls.search.joint import (
    JointData,
    JointFront,
    JointOptions,
    SelectionSteps,
    Template,
    classification_loss,
    model_of,
    regression_loss,
    search_jointly,
)
from sr2hls.search.joint.joint_state import JointState
from sr2hls.search.joint.select_terms import TermSelection

RNG = np.random.default_rng(0)
X = np.round(RNG.uniform(-1, 1, (1200, 4)) * 32) / 32
QUICK = SelectionSteps(tried=4, swaps=2, factor=0.5, least_loss=1e-4)
TRAIN, HELD = slice(0, 800), slice(800, None)


def classes(logits: np.ndarray) -> JointData:
    labels = logits.argmax(axis=1)
    losses = [classification_loss(logits[s], None) for s in (TRAIN, HELD)]
    return JointData(
        X[TRAIN], losses[0], X[HELD], losses[1], lambda y: float(np.mean(y.argmax(axis=1) == labels[HELD]))
    )


def regression(y: np.ndarray) -> JointData:
    losses = [regression_loss(y[s]) for s in (TRAIN, HELD)]
    return JointData(X[TRAIN], losses[0], X[HELD], losses[1], lambda p: -losses[1].value(p))


@pytest.fixture(scope="module")
def front() -> JointFront:
    return search(classes(LOGITS))


LOGITS = 4 * np.stack([X[:, 0] * X[:, 1], np.maximum(X[:, 2], 0.25), -X[:, 3]], axis=1)


def search(data: JointData, **options: object) -> JointFront:
    return search_jointly(
        data,
        JointOptions(**{"max_nodes": 24, "models": 6, "steps": QUICK, "beams": (1.0,), **options}),
        seed=1,
    )


def test_three_classes_are_found_with_their_terms(front: JointFront) -> None:
    best = front.best(max_nodes=30)
    assert best.score > 0.97
    assert best.readability.is_readable
    used = {term.inputs for term in best.model.terms}
    assert {(0, 1), (2,), (3,)} <= used


def test_the_front_has_no_model_that_is_worse_in_everything(front: JointFront) -> None:
    models = front.models
    assert len(models) > 3
    for a in models:
        for b in models:
            better = b.nodes <= a.nodes and b.luts <= a.luts and b.score >= a.score
            assert a is b or not better


def test_the_same_seed_gives_the_same_front(front: JointFront) -> None:
    again = search(classes(LOGITS))
    texts = [[str(m.model.formulas("abc")) for m in f.models] for f in (front, again)]
    assert texts[0] == texts[1]


@pytest.mark.slow
def test_beams_in_processes_give_the_same_front() -> None:
    data = regression(np.abs(X[:, :1] - 0.25) + X[:, 1:2])
    fronts = [search(data, beams=(1.0, 4.0), jobs=jobs) for jobs in (1, 2)]
    texts = [[str(m.model.formulas(["y"])) for m in f.models] for f in fronts]
    assert texts[0] == texts[1]


@pytest.mark.slow
def test_beams_in_processes_tell_every_step_and_keep_what_they_have() -> None:
    told: list[str] = []

    def stop(report: SearchProgress) -> None:
        told.append(report.message)
        if len(told) == 4:
            raise KeyboardInterrupt

    options = JointOptions(models=3, beams=(1.0, 4.0), jobs=2, steps=QUICK)
    front = search_jointly(classes(LOGITS), options, progress=stop)
    assert front.interrupted and front.models
    assert len({message.split(", ")[0] for message in told}) > 1
    assert all("score 0." in message for message in told)


@pytest.mark.slow
def test_what_goes_wrong_in_a_process_is_told() -> None:
    class Broken:
        name = "broken"

        def propose(self, *_: object) -> list[object]:
            raise InputError("no terms today")

    options = JointOptions(beams=(1.0, 4.0), jobs=2, steps=QUICK, proposers=(Broken(),))
    with pytest.raises(InputError, match="no terms today"):
        search_jointly(classes(LOGITS), options)


def test_a_product_with_a_bump_is_found_in_a_regression() -> None:
    y = (X[:, :1] * np.sin(np.pi * X[:, 1:2])) + 0.5
    front = search(regression(y))
    assert min(m.loss for m in front.models) < 1e-5


def test_the_price_of_cycles_changes_what_is_chosen() -> None:
    y = np.tanh(3 * X[:, :1])
    cycles = additive_cycles(published_cycles())
    cheap = search(regression(y), hardware=cycles, hardware_price=10.0)
    free = search(regression(y))
    assert free.best().cycles is not None
    assert any("tanh" in str(m.model.formulas(["y"])) for m in free.models)
    first = next(m for m in cheap.models if m.nodes > 1)
    assert "tanh" not in str(first.model.formulas(["y"]))


def test_a_template_is_kept_to() -> None:
    data = classes(LOGITS)
    front = search(data, template=Template.parse("f(c) + g(d)", ("a", "b", "c", "d")))
    assert all(term.inputs in ((2,), (3,)) for m in front.models for term in m.model.terms)


def test_a_search_goes_on_from_formulas() -> None:
    x0, x1, x2, x3 = sp.symbols("x0:4")
    start = model_of([4 * x0 * x1, 4 * sp.Max(x2, sp.Float(0.25)), -4 * x3])
    points: list[SearchProgress] = []
    options = JointOptions(max_nodes=25, models=3, start=start, steps=QUICK)
    search_jointly(classes(LOGITS), options, progress=points.append)
    assert points[0].loss < 1e-4
    assert "3 terms" in points[0].message
    assert points[0].message.endswith("score 1.0000")


def test_an_interrupted_search_keeps_what_it_has() -> None:
    steps: list[SearchProgress] = []

    def stop(report: SearchProgress) -> None:
        steps.append(report)
        if len(steps) == 3:
            raise KeyboardInterrupt

    front = search_jointly(classes(LOGITS), JointOptions(models=3), progress=stop)
    assert front.interrupted
    assert front.models
    scores = [float(step.message.rpartition("score ")[2]) for step in steps]
    assert scores[0] < scores[-1], "progress tells the score and the size"
    assert [step.message.split(", ")[0] for step in steps] == ["0 terms", "1 terms", "2 terms"]
    assert front.notes == ("the search was interrupted: the best so far is kept",)


def test_budgets_that_nothing_meets_are_told() -> None:
    front = search(regression(X[:, :1]))
    with pytest.raises(InputError, match="no model of the front meets the budgets"):
        front.best(max_nodes=0)


def test_rows_that_do_not_fit_are_refused() -> None:
    loss = regression_loss(X[:, :1])
    with pytest.raises(InputError, match="the training inputs have the shape"):
        JointData(X[:10], loss, X, loss, lambda y: 0.0)


def test_a_term_that_others_would_cancel_does_not_end_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    cancels = TermSelection._cancels

    def first_cancels(self: TermSelection, state: JointState) -> bool:
        return any(0 in atom.inputs for atom in state.atoms) or cancels(self, state)

    monkeypatch.setattr(TermSelection, "_cancels", first_cancels)
    found = search(regression((3 * X[:, 0] + X[:, 1])[:, None]))
    assert 1 in {i for scored in found.models for term in scored.model.terms for i in term.inputs}
