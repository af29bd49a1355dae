"""Training, validation and test rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sr2hls.arrays import IntArray
from sr2hls.errors import InputError

Rows = IntArray
DEFAULT_FRACTIONS = (0.6, 0.2, 0.2)


@dataclass(frozen=True, slots=True, eq=False)
class SplitRows:
    """Row numbers of each part, ascending."""

    train: Rows
    validation: Rows
    test: Rows


def split_rows(
    n_rows: int,
    labels: IntArray | None,
    given: Mapping[str, Rows] | None,
    path: Path,
    *,
    fractions: tuple[float, float, float] = DEFAULT_FRACTIONS,
    seed: int = 0,
) -> SplitRows:
    """Take the splits that the file has, and draw those that it lacks.

    Drawing is stratified: each class is shared out by itself, so that every part has every class where its
    rows suffice. A missing validation or test part is drawn from the training rows.

    Args:
        n_rows: rows of the file.
        labels: class numbers, shape (n,), or None.
        given: row numbers of the parts that the file has.
        path: the file, for messages.
        fractions: of train, validation and test; they are scaled to a sum of 1.
        seed: of the draw.

    Raises:
        InputError: the fractions are unusable, parts overlap, or one of them is empty.
    """
    if min(fractions) <= 0 or not np.isfinite(fractions).all():
        raise InputError(
            f"split fractions {fractions}: give three positive numbers for train, validation and test"
        )
    parts = {name: np.sort(rows) for name, rows in (given or {}).items()}
    taken = np.concatenate(list(parts.values())) if parts else np.empty(0, np.int64)
    if len(np.unique(taken)) != len(taken):
        raise InputError(f"the splits of '{path}' share rows: each row belongs into one part only")
    missing = [name for name in ("train", "validation", "test") if name not in parts]
    if missing:
        pool = parts.get("train", np.setdiff1d(np.arange(n_rows), taken))
        shares = dict(zip(("train", "validation", "test"), fractions, strict=True))
        wanted = ["train", *(name for name in missing if name != "train")]
        drawn = _draw(pool, labels, [shares[name] for name in wanted], seed)
        parts |= dict(zip(wanted, drawn, strict=True))
    for name in ("train", "validation", "test"):
        if not len(parts[name]):
            raise InputError(f"the {name} part of '{path}' has no rows ({n_rows} in all): give more data")
    return SplitRows(parts["train"], parts["validation"], parts["test"])


def _draw(pool: Rows, labels: IntArray | None, shares: list[float], seed: int) -> list[Rows]:
    rng = np.random.default_rng(seed)
    groups = [pool] if labels is None else [pool[labels[pool] == k] for k in np.unique(labels[pool])]
    ends = np.cumsum(shares) / sum(shares)
    parts: list[list[Rows]] = [[] for _ in shares]
    for group in groups:
        cuts = np.round(ends[:-1] * len(group)).astype(int)
        for part, rows in zip(parts, np.split(rng.permutation(group), cuts), strict=True):
            part.append(rows)
    return [np.sort(np.concatenate(part)).astype(np.int64) for part in parts]
