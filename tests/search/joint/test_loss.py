import numpy as np
import pytest

from sr2hls.errors import InputError
from sr2hls.search.joint.loss import JointLoss, classification_loss, regression_loss

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(0, 2, (40, 3))
LABELS = RNG.integers(0, 3, 40)
WEIGHTS = RNG.uniform(0.1, 2, 40)
LOSSES = {
    "classes": classification_loss(LOGITS, LABELS, weights=WEIGHTS),
    "binary": classification_loss(LOGITS[:, :1], LABELS > 1, weights=WEIGHTS),
    "squared": regression_loss(LOGITS, weights=WEIGHTS),
    "absolute": regression_loss(LOGITS, absolute=True, weights=WEIGHTS),
}


@pytest.mark.parametrize("name", LOSSES)
def test_gradient_is_the_derivative_of_the_value(name: str) -> None:
    loss = LOSSES[name]
    outputs = RNG.normal(0, 1, loss.shape)
    gradient = loss.slopes(outputs).gradient
    for place in [(0, 0), (7, loss.shape[1] - 1), (39, 0)]:
        moved = outputs.copy()
        moved[place] += 1e-6
        back = outputs.copy()
        back[place] -= 1e-6
        assert (loss.value(moved) - loss.value(back)) / 2e-6 == pytest.approx(gradient[place], abs=1e-8)


@pytest.mark.parametrize("name", ["classes", "binary", "squared"])
def test_hessian_is_the_derivative_of_the_gradient(name: str) -> None:
    loss = LOSSES[name]
    outputs = RNG.normal(0, 1, loss.shape)
    slopes = loss.slopes(outputs)
    moved = outputs.copy()
    moved[5, 0] += 1e-6
    change = (loss.slopes(moved).gradient[5] - slopes.gradient[5]) / 1e-6
    row = np.zeros(loss.shape[1])
    row[0] = slopes.curvature[5, 0]
    if slopes.coupling is not None:
        row[1:] = -slopes.coupling[5, 0] * slopes.coupling[5, 1:]
    assert change == pytest.approx(row, abs=1e-7)


def test_loss_is_zero_where_the_outputs_are_what_is_wanted() -> None:
    assert classification_loss(LOGITS, None).value(LOGITS) == pytest.approx(0, abs=1e-12)
    assert regression_loss(LOGITS).value(LOGITS) == 0
    assert regression_loss(LOGITS, absolute=True).value(LOGITS) == 0


def test_half_of_the_variance_is_lost_by_the_mean() -> None:
    loss = regression_loss(LOGITS)
    assert loss.value(np.tile(loss.start(), (40, 1))) == pytest.approx(0.5 * 3)


def test_weights_count_rows_more_than_once() -> None:
    twice = np.concatenate([LOGITS, LOGITS[:5]])
    labels = np.concatenate([LABELS, LABELS[:5]])
    outputs = RNG.normal(0, 1, (40, 3))
    weighted = classification_loss(LOGITS, LABELS, weights=np.where(np.arange(40) < 5, 2.0, 1.0))
    repeated = classification_loss(twice, labels)
    assert weighted.value(outputs) == pytest.approx(repeated.value(np.concatenate([outputs, outputs[:5]])))


def test_part_is_the_loss_of_the_rows() -> None:
    rows = np.array([3, 8, 11])
    outputs = RNG.normal(0, 1, (3, 3))
    part: JointLoss = classification_loss(LOGITS, LABELS).part(rows)
    assert part.value(outputs) == pytest.approx(
        classification_loss(LOGITS[rows], LABELS[rows]).value(outputs)
    )


def test_refusals_name_what_is_wrong() -> None:
    with pytest.raises(InputError, match=r"teacher_share is 1\.5: give a share from 0 to 1"):
        classification_loss(LOGITS, LABELS, teacher_share=1.5)
    with pytest.raises(InputError, match="give 40 finite numbers of at least 0"):
        regression_loss(LOGITS, weights=np.ones(39))
