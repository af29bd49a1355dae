"""Rows between neighbours: where data are, and the same for the same seed."""

import numpy as np

from sr2hls.data import between
from sr2hls.data.between import rows_between


def test_rows_lie_between_neighbours() -> None:
    rng = np.random.default_rng(0)
    clusters = np.array([[0.0, 0.0], [100.0, 0.0], [0.0, 100.0]])
    raw = np.repeat(clusters, 40, axis=0) + rng.uniform(0, 1, (120, 2))
    made = rows_between(raw, 3, np.random.default_rng(1))
    assert made.shape == (360, 2)
    nearest = np.abs(made[:, None] - (clusters + 0.5)).max(axis=2).min(axis=1)
    assert nearest.max() <= 0.5, "no row lies between two clusters"
    assert not np.isin(made[:, 0], raw[:, 0]).any()
    assert np.array_equal(made, rows_between(raw, 3, np.random.default_rng(1)))


def test_features_of_any_scale_have_the_same_say() -> None:
    rng = np.random.default_rng(0)
    near = rng.uniform(0, 1, (200, 2))
    wide = near * [1.0, 1e6]
    made = rows_between(near, 1, np.random.default_rng(2)), rows_between(wide, 1, np.random.default_rng(2))
    assert np.allclose(made[0] * [1.0, 1e6], made[1])


def test_one_row_has_itself_for_a_neighbour() -> None:
    assert rows_between(np.array([[2.0, 3.0]]), 2, np.random.default_rng(0)).tolist() == [[2, 3], [2, 3]]


def test_rows_may_lie_between_any_two() -> None:
    raw = np.repeat([[0.0], [100.0]], 30, axis=0)
    made = rows_between(raw, 4, np.random.default_rng(0), near=False)
    assert made.shape == (240, 1)
    assert 0.2 < np.mean((made > 5) & (made < 95)) < 0.7
    assert set(rows_between(raw, 4, np.random.default_rng(0)).ravel()) == {0.0, 100.0}


def test_mean_and_deviation_of_pieces_are_those_of_all_rows_to_the_bit() -> None:
    raw = np.random.default_rng(0).normal(3, 2, (2 * between._PIECE + 77, 3)).astype(np.float32)
    mean, spread = between._moments(raw)
    rows = raw.astype(np.float64)
    assert np.array_equal(mean, rows.mean(axis=0))
    assert np.array_equal(spread, rows.std(axis=0))
