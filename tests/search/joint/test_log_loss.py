import numpy as np
import pytest

from sr2hls.search.joint.log_loss import log_loss

RNG = np.random.default_rng(0)
TARGET = -np.exp(RNG.normal(0, 6, (50, 1)))


def test_the_best_constant_is_the_geometric_mean() -> None:
    loss = log_loss(TARGET)
    start = loss.start()
    assert start == pytest.approx(-np.exp(np.log(-TARGET).mean()))
    assert loss.value(np.tile(start, (50, 1))) == pytest.approx(0.5)
    assert loss.value(TARGET) == 0


def test_slopes_are_derivatives() -> None:
    loss, outputs = log_loss(TARGET), TARGET * np.exp(RNG.normal(0, 0.5, TARGET.shape))
    moved = outputs * 1e-6
    for row in range(5):
        step = np.zeros_like(outputs)
        step[row] = moved[row]
        slope = (loss.value(outputs + step) - loss.value(outputs - step)) / (2 * moved[row, 0])
        assert loss.slopes(outputs).gradient[row, 0] == pytest.approx(slope, rel=1e-4)


def test_the_other_sign_is_infinitely_wrong_and_zeros_do_not_count() -> None:
    target = TARGET.copy()
    target[3] = 0
    loss = log_loss(target)
    wrong = target.copy()
    wrong[3] = 17.0
    assert loss.value(wrong) == 0
    assert loss.slopes(wrong).gradient[3, 0] == 0
    wrong[4] *= -1
    assert loss.value(wrong) == np.inf
    assert loss.part(np.arange(10)).shape == (10, 1)
