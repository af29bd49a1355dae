"""Pairs of pictures of digits, and which of their sums training may see."""

from dataclasses import dataclass

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor

UNSEEN_FROM = 15
"""Pairs with this sum or a larger one are never seen in training (as in arXiv 1912.04825, section III.B)."""
HELD_OUT_PAIRS = frozenset({(0, 7), (1, 5), (2, 2), (3, 8), (4, 6), (5, 9), (6, 3), (7, 1), (8, 0), (9, 4)})
"""Ordered pairs with smaller sums that are not seen either; each digit is left out once on each side."""


@dataclass(frozen=True)
class Pictures:
    """Pictures and the digits on them.

    Attributes:
        images: shape (n, 1, 8, 8), grey values 0 to 1.
        digits: shape (n,), 0 to 9.
    """

    images: Tensor
    digits: Tensor


@dataclass(frozen=True)
class Pairs:
    """Pairs of pictures by number.

    Attributes:
        first: shape (n,).
        second: shape (n,).
        total: sum of the two digits, shape (n,).
    """

    first: Tensor
    second: Tensor
    total: Tensor


def pictures(train_count: int, seed: int) -> tuple[Pictures, Pictures]:
    """The 1,797 digits of scikit-learn (UCI, E. Alpaydin and C. Kaynak), drawn into training and test."""
    data = load_digits()
    order = np.random.default_rng(seed).permutation(len(data.target))
    images = torch.from_numpy(data.images[order] / 16.0).float()[:, None]
    digits = torch.from_numpy(data.target[order])
    return (
        Pictures(images[:train_count], digits[:train_count]),
        Pictures(images[train_count:], digits[train_count:]),
    )


def pairs(source: Pictures, count: int, kind: str, random: np.random.Generator) -> Pairs:
    """Draw pairs of a kind: ``seen``, ``new pairs`` (of seen sums) or ``new sums`` (15 to 18)."""
    digits = source.digits.numpy()
    first, second = random.integers(0, len(digits), (2, (2 if kind == "seen" else 30) * count))
    total = digits[first] + digits[second]
    left_out = np.zeros((10, 10), dtype=bool)
    left_out[tuple(zip(*HELD_OUT_PAIRS, strict=True))] = True
    held_out = left_out[digits[first], digits[second]]
    large = total >= UNSEEN_FROM
    wanted = {"seen": ~large & ~held_out, "new pairs": ~large & held_out, "new sums": large}[kind]
    rows = np.flatnonzero(wanted)[:count]
    return Pairs(*(torch.from_numpy(a[rows]) for a in (first, second, total)))
