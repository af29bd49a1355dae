"""Names of features: what users see, and identifiers that every tool downstream accepts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sr2hls.errors import InputError

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class FeatureNames:
    """Names of the features in their order.

    A name is free text and never becomes code: formulas, programs and circuits say ``x0``, ``x1``, …, and
    whatever is shown to the user is mapped back.

    Attributes:
        display: names as the file has them, without control characters.
    """

    display: tuple[str, ...]

    @classmethod
    def of(cls, names: Sequence[str] | None, n_features: int) -> "FeatureNames":
        """Names out of a file, or ``x0``, ``x1``, … without any.

        Raises:
            InputError: the number of names is wrong.
        """
        if names is None:
            return cls(tuple(f"x{i}" for i in range(n_features)))
        if len(names) != n_features:
            raise InputError(f"{len(names)} names for {n_features} features: give each feature one name")
        return cls(
            tuple(_CONTROL.sub(" ", name).strip()[:_LONGEST] or f"x{i}" for i, name in enumerate(names))
        )

    @property
    def identifiers(self) -> tuple[str, ...]:
        """``x0``, ``x1``, …"""
        return tuple(f"x{i}" for i in range(len(self.display)))
