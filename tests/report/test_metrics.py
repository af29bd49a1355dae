import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax
from sklearn.metrics import accuracy_score, mean_squared_error, r2_score, roc_auc_score

from sr2hls.errors import InputError
from sr2hls.report.metrics import FidelityMeter, class_scores, measure
from sr2hls.report.roc import LEAST_BACKGROUND, Roc, RocCounter, score_keys
from sr2hls.teacher.task import Task

NAMES = ("g", "q", "w", "z", "t")


@pytest.fixture(scope="module")
def classified() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 5, 20_000)
    teacher = rng.normal(size=(20_000, 5)) + 1.5 * (labels[:, None] == np.arange(5))
    formulas = teacher + 0.2 * rng.normal(size=teacher.shape)
    return {"labels": labels, "teacher": teacher, "formulas": formulas, "design": np.round(formulas * 8) / 8}


def test_classification_as_sklearn_has_it(classified: dict[str, np.ndarray]) -> None:
    found = measure("test", Task.LOGITS, NAMES, **classified)
    for model in ("teacher", "formulas", "design"):
        out, scores = classified[model], found.scores[model]
        assert scores.accuracy == accuracy_score(classified["labels"], out.argmax(axis=1))
        for c, name in enumerate(NAMES):
            exact = roc_auc_score(classified["labels"] == c, softmax(out, axis=1)[:, c])
            assert scores.auc[name] == pytest.approx(exact, abs=1e-4)
    agreement = accuracy_score(classified["teacher"].argmax(axis=1), classified["design"].argmax(axis=1))
    assert found.scores["design"].agreement == agreement
    assert found.scores["teacher"].agreement is None
    assert not found.scores["design"].r2


def test_chunks_give_what_all_rows_give(classified: dict[str, np.ndarray]) -> None:
    outputs = {k: classified[k] for k in ("teacher", "formulas", "design")}
    meter = FidelityMeter("test", Task.LOGITS, NAMES)
    for start in range(0, 20_000, 777):
        part = slice(start, start + 777)
        meter.add({k: v[part] for k, v in outputs.items()}, classified["labels"][part])
    whole, pieces = measure("test", Task.LOGITS, NAMES, **classified), meter.result()
    assert pieces.roc == whole.roc
    assert pieces.working_points == whole.working_points
    for model, scores in whole.scores.items():
        assert pieces.scores[model].accuracy == scores.accuracy
        for name, rmse in scores.teacher_rmse.items():
            assert pieces.scores[model].teacher_rmse[name] == pytest.approx(rmse)


def test_regression_as_sklearn_has_it() -> None:
    rng = np.random.default_rng(0)
    truth = 1e6 + rng.normal(size=(5000, 2))
    design = truth + 0.1 * rng.normal(size=truth.shape)
    found = measure("test", Task.REGRESSION, ("e", "m"), teacher=truth, design=design, labels=truth)
    scores = found.scores["design"]
    for i, name in enumerate(("e", "m")):
        assert scores.r2[name] == pytest.approx(r2_score(truth[:, i], design[:, i]), abs=1e-9)
        assert scores.rmse[name] == pytest.approx(mean_squared_error(truth[:, i], design[:, i]) ** 0.5)
        assert scores.teacher_r2[name] == pytest.approx(scores.r2[name])
    assert scores.accuracy is None
    assert found.roc == ()


def test_an_output_that_is_constant_but_for_rounding_has_no_r2() -> None:
    rng = np.random.default_rng(1)
    truth = np.stack([rng.normal(size=900), np.full(900, 0.3), np.zeros(900)], axis=1)
    truth[::7, 1] = np.nextafter(np.float32(0.3), np.float32(1))  # what adding in another order does
    found = measure("test", Task.REGRESSION, ("a", "b", "c"), teacher=truth, design=truth + 0.01)
    scores = found.scores["design"].teacher_r2
    assert scores["a"] == pytest.approx(0.9999, abs=1e-4)
    assert scores["b"] is None and scores["c"] is None


def test_without_labels_only_agreement(classified: dict[str, np.ndarray]) -> None:
    found = measure("train", Task.LOGITS, NAMES, teacher=classified["teacher"], design=classified["design"])
    assert found.scores["design"].accuracy is None
    assert found.scores["design"].auc == {}
    assert found.scores["design"].agreement is not None
    assert found.working_points == ()


def test_without_a_network(classified: dict[str, np.ndarray]) -> None:
    given = {k: classified[k] for k in ("formulas", "design", "labels")}
    found = measure("test", Task.LOGITS, NAMES, **given)
    assert list(found.scores) == ["formulas", "design"]
    assert found.scores["design"].accuracy == accuracy_score(given["labels"], given["design"].argmax(axis=1))
    assert found.scores["design"].agreement is None
    assert found.scores["design"].teacher_r2 == {}
    assert {e.subtrahend for e in found.errors} == {"formulas"}


def test_working_points_keep_the_rate(classified: dict[str, np.ndarray]) -> None:
    found = measure("test", Task.LOGITS, NAMES, **classified)
    signal = classified["labels"] == 4
    scores = class_scores(classified["design"], Task.LOGITS)[:, 4]
    for point in found.working_points:
        if (point.model, point.positive) != ("design", "t"):
            continue
        assert point.rate_khz == pytest.approx(point.false_positive * 40_000)
        if point.false_positive * (~signal).sum() < LEAST_BACKGROUND:
            assert point.efficiency is None
            continue
        # The loosest cut of as many background rows as the share allows.
        background = np.sort(scores[~signal])[::-1]
        loosest = background[int(point.false_positive * len(background)) - 1]
        assert point.efficiency == pytest.approx((scores[signal] >= loosest).mean(), abs=0.003)
        assert point.error is not None
        assert 0 < point.error < 0.02


def test_error_histograms_count_every_row() -> None:
    teacher = np.zeros((100_000, 1))
    design = np.concatenate([np.full((70_000, 1), 0.25), np.full((29_999, 1), -0.25), [[9.0]]])
    found = measure("test", Task.REGRESSION, ("y",), teacher=teacher, formulas=teacher, design=design)
    first, second = found.errors
    assert (first.minuend, first.subtrahend, second.subtrahend) == ("design", "formulas", "teacher")
    assert sum(first.counts) == first.rows == 100_000
    assert first.largest == 9.0
    assert first.counts[-1] >= 1
    assert first.mean == pytest.approx(design.mean())
    assert first.rms == pytest.approx(np.sqrt((design**2).mean()))


@given(st.lists(st.floats(width=32, allow_nan=False), min_size=2, max_size=30))
def test_keys_keep_the_order(values: list[float]) -> None:
    scores = np.sort(np.array(values))
    assert (np.diff(score_keys(scores, 18)) >= 0).all()
    assert np.ptp(score_keys(np.array([0.0, -0.0]), 18)) == 0


@settings(deadline=None)
@given(st.integers(2, 6), st.integers(0, 2**32 - 1), st.sampled_from([0.1, 1.0, 30.0]))
def test_class_scores_are_log_odds(k: int, seed: int, spread: float) -> None:
    y = np.random.default_rng(seed).normal(size=(50, k)) * spread
    p = softmax(y.astype(np.longdouble), axis=1)
    safe = (1 - p) > 1e-6
    exact = (np.log(p[safe]) - np.log1p(-p[safe])).astype(float)
    assert np.allclose(class_scores(y, Task.LOGITS)[safe], exact, atol=1e-6, rtol=1e-6)
    assert np.isfinite(class_scores(y, Task.LOGITS)).all()


def test_one_class_only_has_no_curve() -> None:
    found = measure(
        "t", Task.LOGITS, ("a", "b"), teacher=np.eye(2), design=np.eye(2), labels=np.array([0, 0])
    )
    assert found.scores["design"].auc == {"a": None, "b": None}
    assert found.roc == ()


def test_curve_is_thin_and_complete() -> None:
    rng = np.random.default_rng(1)
    signal = rng.random(300_000) < 0.3
    counter = RocCounter(1, 18)
    counter.add((rng.normal(size=300_000) + signal)[:, None], signal[:, None])
    record = counter.curve(0).record("design", "s")
    assert len(record.false_positive) < 260
    assert (record.false_positive[0], record.true_positive[0]) == (0, 0)
    assert (record.false_positive[-1], record.true_positive[-1]) == (1, 1)
    thinned = np.trapezoid(record.true_positive, record.false_positive)
    assert thinned == pytest.approx(counter.curve(0).area, abs=1e-3)


def test_efficiency_never_lets_more_through() -> None:
    roc = Roc(np.array([0, 50, 100]), np.array([0, 10, 20]))
    assert roc.efficiency(0.5) == 0.5
    assert roc.efficiency(0.49) == 0.0
    assert roc.efficiency(0.01) is None


@pytest.mark.parametrize(
    ("outputs", "labels", "message"),
    [
        ({}, None, "fidelity needs the outputs of at least one model"),
        (
            {"teacher": np.zeros((3, 3))},
            None,
            r"outputs of the teacher have shape \(3, 3\), expected \(3, 2\)",
        ),
        ({"teacher": np.full((3, 2), np.nan)}, None, "the teacher gives a value that is not finite in row 0"),
        ({"teacher": np.zeros((3, 2))}, np.zeros(2), "2 labels for 3 rows"),
    ],
)
def test_bad_input(outputs: dict[str, np.ndarray], labels: np.ndarray | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        FidelityMeter("test", Task.LOGITS, ("a", "b")).add(outputs, labels)


def test_memory_does_not_grow_with_rows() -> None:
    rng = np.random.default_rng(0)
    meter = FidelityMeter("test", Task.LOGITS, NAMES)
    chunk = {"teacher": rng.normal(size=(20_000, 5)), "design": rng.normal(size=(20_000, 5))}
    labels = rng.integers(0, 5, 20_000)
    meter.add(chunk, labels)
    tracemalloc.start()
    for _ in range(20):
        meter.add(chunk, labels)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 1e6
