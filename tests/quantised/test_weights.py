"""Weights of rows in the training through the bits: a row of weight 3 is three rows."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sr2hls.lut_network import SOFT, LossKind, Samples, Weights
from sr2hls.problem import Problem
from sr2hls.quantised import QuantisedOptions, train_quantised
from sr2hls.quantised.candidates import Dictionary
from sr2hls.quantised.designs import learnt_samples
from sr2hls.quantised.input_grid import grids_of
from sr2hls.quantised.rows import QuantisedRows
from sr2hls.quantised.start import started
from sr2hls.quantised.train import TrainOptions
from sr2hls.teacher.task import Task

from .test_training import model, problem

KINDS = [
    (Task.LOGITS, 3, LossKind.CLASSES),
    (Task.LOGITS, 1, LossKind.LOGIT),
    (Task.REGRESSION, 2, LossKind.NUMBERS),
]


def some(wanted: Problem, rows: int) -> Samples:
    return learnt_samples(wanted, wanted.train, 0.7).take(np.arange(rows))


@pytest.mark.parametrize(("task", "outputs", "kind"), KINDS)
@settings(max_examples=8, deadline=None)
@given(counts=st.lists(st.integers(0, 4), min_size=30, max_size=30).filter(any))
def test_a_weight_counts_as_so_many_rows(task: Task, outputs: int, kind: LossKind, counts: list[int]) -> None:
    wanted = problem(task, outputs)
    samples = some(wanted, 30)
    repeated = samples.take(np.repeat(np.arange(30), counts))
    weighted = replace(samples, weights=np.array(counts, dtype=np.float64))
    state = started(model(outputs), wanted, kind, 0.25, 6)
    once, often = (QuantisedRows(state, s, Weights(0.3, 1.0)) for s in (weighted, repeated))
    assert once.loss() * 30 == pytest.approx(often.loss() * len(repeated), abs=1e-9)
    at = len(state.parts) - 1
    readers = state.parts[at].readers
    tables = [r.cell_losses(at, state.parts[at].inputs, -4, 8).table(readers) for r in (once, often)]
    assert np.allclose(*tables, atol=1e-9)


def test_terms_are_ranked_by_the_rows_that_count() -> None:
    wanted = problem(Task.LOGITS, 3)
    samples = some(wanted, 400)
    state = started(model(3), wanted, LossKind.CLASSES, 0.25, 6).without(0)

    def first(weights: np.ndarray | None, others: np.ndarray) -> tuple[int, object, float]:
        targets = np.concatenate([samples.targets[:200], others])
        given = replace(samples, targets=targets, weights=weights)
        found = next(Dictionary(given, grids_of(wanted)).ranked(state, 9))
        return found.output, found.shape, found.coefficient

    same, moved = samples.targets[200:], samples.targets[200:][::-1, ::-1]
    counted = np.repeat([2.0, 0.0], 200)
    assert first(counted, same) == first(counted, moved)
    assert first(None, same) != first(None, moved)


def test_a_part_keeps_its_weights_and_rows_without_count_once() -> None:
    samples = some(problem(Task.LOGITS, 3), 6)
    weighted = replace(samples, weights=np.array([0.5, 1.5, 0, 2, 1, 1]))
    assert weighted.take(np.array([3, 0])).row_weights.tolist() == [2, 0.5]
    assert weighted.joined(samples).row_weights.tolist() == [0.5, 1.5, 0, 2, 1, 1] + [1.0] * 6
    assert samples.joined(samples).weights is None


def test_rows_of_no_weight_have_no_say() -> None:
    wanted = problem(Task.REGRESSION, 1)
    wrong = np.arange(len(wanted.train)) % 2 == 0
    outputs = np.where(wrong[:, None], -3 * wanted.train.outputs, wanted.train.outputs)
    weights = np.where(wrong, 0.0, 1.0)
    misled, told = (
        replace(wanted, train=replace(wanted.train, outputs=outputs, weights=w)) for w in (None, weights)
    )
    quick = QuantisedOptions(TrainOptions(rows=600, most_sweeps=1, settle=0, finish=1, finish_rows=600))
    bad, good = (train_quantised(model(1), p, max_lut=60, seed=0, options=quick) for p in (misled, told))
    truth = wanted.test.outputs
    errors = [np.abs(d.predict(wanted.test.inputs) - truth).mean() / truth.std() for d in (bad, good)]
    assert errors[1] < 0.25 < errors[0]


def test_samples_have_a_mean_weight_of_one() -> None:
    wanted = problem(Task.LOGITS, 1)
    heavy = replace(wanted, train=replace(wanted.train, weights=np.linspace(0, 30, len(wanted.train))))
    samples = learnt_samples(heavy, heavy.train, 0.7)
    assert samples.row_weights.mean() == pytest.approx(1)
    assert QuantisedRows(started(model(1), heavy, LossKind.LOGIT, 0.25, 6), samples, SOFT).loss() > 0
