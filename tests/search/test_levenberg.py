"""Least squares of our own: right, and the same bits each time."""

import random

import numpy as np
import pytest

from sr2hls.search.levenberg import by_differences, least_squares

RNG = np.random.default_rng(3)
T = np.linspace(0, 3, 300)


def decay(p: np.ndarray) -> np.ndarray:
    return np.asarray(p[0] * np.exp(-p[1] * T) + p[2])


def slopes(p: np.ndarray) -> np.ndarray:
    e = np.exp(-p[1] * T)
    return np.stack([e, -p[0] * T * e, np.ones_like(T)], axis=1)


def test_finds_the_constants_of_an_exact_form() -> None:
    truth = np.array([2.5, 1.3, -0.7])
    y = decay(truth)
    found = least_squares(lambda p: decay(p) - y, slopes, np.array([1.0, 0.5, 0.0]), max_evaluations=50)
    np.testing.assert_allclose(found.x, truth, rtol=1e-12)
    assert found.evaluations < 20


def test_agrees_with_scipy_on_noisy_data() -> None:
    from scipy.optimize import least_squares as reference

    y = decay(np.array([2.5, 1.3, -0.7])) + 0.1 * RNG.normal(size=len(T))
    start = np.array([1.0, 0.5, 0.0])
    ours = least_squares(lambda p: decay(p) - y, slopes, start, max_evaluations=50)
    theirs = reference(lambda p: decay(p) - y, start, jac=slopes, method="lm", xtol=1e-14, ftol=1e-12)
    np.testing.assert_allclose(ours.x, theirs.x, rtol=1e-6)
    np.testing.assert_allclose(ours.jacobian, theirs.jac, rtol=1e-5)


def test_differences_stand_in_for_derivatives() -> None:
    y = decay(np.array([2.5, 1.3, -0.7]))
    residual = lambda p: decay(p) - y  # noqa: E731
    found = least_squares(residual, by_differences(residual), np.array([1.0, 0.5, 0.0]), max_evaluations=80)
    np.testing.assert_allclose(found.x, [2.5, 1.3, -0.7], rtol=1e-9)


def test_does_not_move_along_a_flat_direction() -> None:
    y = 6.0 * T
    start = np.array([2.0, 1.0])
    found = least_squares(
        lambda p: p[0] * p[1] * T - y,
        lambda p: np.stack([p[1] * T, p[0] * T], axis=1),
        start,
        max_evaluations=50,
    )
    assert found.x[0] * found.x[1] == pytest.approx(6.0, rel=1e-12)
    assert np.all(found.x < 10), "only the product is determined: neither factor may run away"


def test_same_bits_wherever_the_arrays_lie_in_memory() -> None:
    X = RNG.uniform(-2, 2, (200, 2))
    y = np.sin(X[:, 0]) * X[:, 1]

    def residual(p: np.ndarray) -> np.ndarray:
        return np.asarray((p[0] + p[1] * X[:, 0]) * (p[2] + p[3] * X[:, 1]) * (p[4] + p[5] * X[:, 1]) - y)

    start = np.array([-0.60043, -0.00252, -0.008276, 0.002233, -0.039234, 3.0419])
    keep: list[np.ndarray] = []
    found = set()
    for k in range(8):
        found.add(least_squares(residual, by_differences(residual), start, max_evaluations=50).x.tobytes())
        keep += [np.zeros(random.Random(k).randrange(2, 1900)) for _ in range(100)]
        del keep[::2]
    assert len(found) == 1


def test_stops_where_nothing_can_be_gained() -> None:
    found = least_squares(lambda p: np.ones(5), lambda p: np.zeros((5, 2)), np.zeros(2), max_evaluations=50)
    assert found.evaluations <= 3
