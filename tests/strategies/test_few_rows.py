"""Few rows are joined by the teacher's answers between them, many are not."""

from dataclasses import replace

import numpy as np
import pytest

from sr2hls.lut_network import LossKind
from sr2hls.options import CompileOptions
from sr2hls.prepare import Prepared, prepare
from sr2hls.progress import SilentProgress
from sr2hls.quantised.designs import learnt_samples
from sr2hls.strategies.few_rows import MANY_ROWS, with_rows_between


@pytest.fixture(scope="module")
def prepared(small: CompileOptions) -> Prepared:
    return prepare(small, SilentProgress())


def test_rows_between_have_no_labels_and_some_weight(prepared: Prepared) -> None:
    train, more = prepared.problem.train, with_rows_between(prepared, 0).train
    rows = len(train)
    copies = -(-MANY_ROWS // rows) - 1
    assert 2 < copies < 8
    assert len(more) == (copies + 1) * rows
    assert np.array_equal(more.inputs[:rows], train.inputs)
    assert more.labels is not None and more.weights is not None
    assert np.array_equal(more.labels[:rows], np.asarray(train.labels)) and set(more.labels[rows:]) == {-1}
    assert more.weights[:rows].tolist() == [1.0] * rows
    assert more.weights[rows:].sum() == pytest.approx(2 * rows)
    wanted = prepared.problem.decide(more.outputs[rows:])
    assert len(set(wanted.tolist())) == 3, "the teacher answered"


def test_they_are_learnt_as_the_teacher_says(prepared: Prepared) -> None:
    problem = with_rows_between(prepared, 0)
    rows = len(prepared.problem.train)
    alone, mixed = (learnt_samples(problem, problem.train, share) for share in (1.0, 0.5))
    assert mixed.kind is LossKind.CLASSES
    assert np.array_equal(alone.targets[rows:], mixed.targets[rows:])
    assert not np.allclose(alone.targets[:rows], mixed.targets[:rows])
    assert mixed.row_weights[0] / mixed.row_weights[-1] == pytest.approx((len(problem.train) / rows - 1) / 2)


def test_weights_of_the_data_are_kept(prepared: Prepared) -> None:
    train = prepared.problem.train
    heavy = replace(train, weights=np.linspace(0, 6, len(train)))
    given = replace(prepared, problem=replace(prepared.problem, train=heavy))
    weights = with_rows_between(given, 0).train.weights
    assert weights is not None and np.array_equal(weights[: len(train)], np.asarray(heavy.weights))
    assert weights[len(train) :].sum() == pytest.approx(2 * np.asarray(heavy.weights).sum())


def test_many_rows_stay_as_they_are(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sr2hls.strategies.few_rows.MANY_ROWS", len(prepared.problem.train))
    assert with_rows_between(prepared, 0) is prepared.problem
