"""The affine map from raw features to the numbers that the circuit's inputs carry."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sr2hls.data.archive import check_archive
from sr2hls.data.ranges import best_range
from sr2hls.data.reason import reason
from sr2hls.errors import InputError

Array = NDArray[np.float64]


class ScalerKind(StrEnum):
    """How a scaler is fitted."""

    RANGE = "range"
    """The range that a given width resolves best (`sr2hls.data.ranges.best_range`) becomes [-1, 1)."""
    STANDARD = "standard"
    """Mean 0, standard deviation 1, as scikit-learn's StandardScaler."""
    ROBUST = "robust"
    """Median 0, interquartile range 1, as scikit-learn's RobustScaler."""
    POWER_OF_TWO = "power-of-two"
    """No offset, and a power of two that brings 99 % of the rows into [-1, 1): a shift, free upstream."""
    DECIMAL = "decimal"
    """A power of ten and an offset of whole steps (`sr2hls.data.decimal_units`): what is printed over the
    features in their own units is what the circuit computes."""
    IDENTITY = "identity"
    """Raw features."""


@dataclass(frozen=True, slots=True, eq=False)
class InputScaler:
    """scaled = (raw - offset) / scale, feature by feature.

    It runs upstream of the circuit; the file written for it says what the circuit expects.

    Attributes:
        offset: of shape (f,), in units of the raw feature.
        scale: of shape (f,), not zero, in units of the raw feature.
        kind: where it came from: a `ScalerKind`, ``checkpoint`` or ``file``.
    """

    offset: Array
    scale: Array
    kind: str

    def __post_init__(self) -> None:
        if self.offset.ndim != 1 or self.offset.shape != self.scale.shape:
            raise InputError(
                f"a scaler with offsets {self.offset.shape} and scales {self.scale.shape}: "
                f"give one each a feature"
            )
        bad = np.flatnonzero(~np.isfinite(self.offset) | ~np.isfinite(self.scale) | (self.scale == 0))
        if len(bad):
            i = bad[0]
            raise InputError(
                f"the scaler of feature {i} has the offset {self.offset[i]} and the scale {self.scale[i]}: "
                f"give finite "
                "numbers, and a scale that is not zero"
            )

    @property
    def n_features(self) -> int:
        """Number of features."""
        return len(self.offset)

    def transform(self, X: ArrayLike) -> Array:
        """Raw features (n, f) to scaled ones."""
        scaled: Array = (np.asarray(X, dtype=np.float64) - self.offset) / self.scale
        return scaled

    def inverse_transform(self, Z: ArrayLike) -> Array:
        """Scaled features (n, f) to raw ones."""
        raw: Array = np.asarray(Z, dtype=np.float64) * self.scale + self.offset
        return raw

    @classmethod
    def fit(
        cls, X: ArrayLike, kind: ScalerKind | str = ScalerKind.RANGE, width: ArrayLike = 6
    ) -> "InputScaler":
        """Fit a scaler to training rows; a constant feature becomes 0.

        Args:
            X: raw features (n, f).
            kind: how to fit.
            width: bits of each input, for `ScalerKind.RANGE`.

        Raises:
            InputError: there is no such kind.
        """
        try:
            kind = ScalerKind(kind)
        except ValueError:
            raise InputError(f"unknown scaler '{kind}': give one of {', '.join(ScalerKind)}") from None
        rows = np.asarray(X, dtype=np.float64)
        n = rows.shape[1]
        offset, scale = np.zeros(n), np.ones(n)
        if kind is ScalerKind.STANDARD:
            offset, scale = rows.mean(axis=0), rows.std(axis=0)
        elif kind is ScalerKind.ROBUST:
            low, offset, high = np.quantile(rows, [0.25, 0.5, 0.75], axis=0)
            scale = high - low
        elif kind is ScalerKind.POWER_OF_TWO:
            largest = np.quantile(np.abs(rows), 0.99, axis=0)
            scale = np.exp2(np.ceil(np.log2(np.where(largest > 0, largest, 1.0))))
        elif kind is ScalerKind.RANGE:
            widths = np.broadcast_to(np.asarray(width, dtype=np.int64), (n,))
            for i in range(n):
                low_i, high_i = best_range(rows[:, i], int(widths[i]))
                scale[i] = (high_i - low_i) / (2 - 2.0 ** (1 - widths[i]))
                offset[i] = low_i + scale[i]
        varies = (rows != rows[:1]).any(axis=0) & (scale > 0)
        constant_offset = rows[0] if kind is not ScalerKind.IDENTITY else offset
        return cls(np.where(varies, offset, constant_offset), np.where(varies, scale, 1.0), kind.value)

    @classmethod
    def from_affine(cls, scale: Array, shift: Array, kind: str = "checkpoint") -> "InputScaler":
        """The scaler at the front of a network, y = x · scale + shift, both of shape (f,).

        Raises:
            InputError: a feature is multiplied by 0.
        """
        if np.any(scale == 0):
            raise InputError(
                f"the network multiplies feature {int(np.argmin(np.abs(scale)))} by 0: leave the feature out"
            )
        return cls(-shift / scale, 1.0 / scale, kind)

    def to_json(self) -> dict[str, Any]:
        """As plain numbers."""
        return {"kind": self.kind, "offset": self.offset.tolist(), "scale": self.scale.tolist()}

    @classmethod
    def from_mapping(cls, content: Mapping[str, Any], origin: str, kind: str = "file") -> "InputScaler":
        """A scaler out of named arrays: ``offset`` or ``mean`` or ``mean_`` or ``center_``, and ``scale``,
        ``scale_`` or ``std``.

        Raises:
            InputError: an array is missing or holds no numbers.
        """
        found = []
        for keys in (("offset", "mean", "mean_", "center_"), ("scale", "scale_", "std")):
            key = next((key for key in keys if key in content), None)
            if key is None:
                raise InputError(
                    f"the scaler {origin!r} has none of {', '.join(keys)}: write it as offset and scale"
                )
            try:
                found.append(np.asarray(content[key], dtype=np.float64))
            except (TypeError, ValueError) as error:
                raise InputError(f"{key!r} in the scaler {origin!r} holds no list of numbers") from error
        return cls(found[0], found[1], kind)


def load_scaler(path: str | Path) -> InputScaler:
    """Read a scaler from a .json or .npz file.

    Raises:
        InputError: the file cannot be read, or is no scaler.
    """
    path = Path(path)
    try:
        if path.suffix.lower() == ".npz":
            check_archive(path, 1 << 24)
            with np.load(path, allow_pickle=False) as file:
                return InputScaler.from_mapping({key: file[key] for key in file.files}, str(path))
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        raise InputError(
            f"the scaler '{path}' cannot be read ({reason(error)}): give a .json or .npz file"
        ) from error
    if isinstance(content, dict) and isinstance(content.get("scaler"), dict):
        content = content["scaler"]
    if not isinstance(content, dict):
        raise InputError(f"the scaler '{path}' has no offset and scale: write it as an object with both")
    return InputScaler.from_mapping(content, str(path))
