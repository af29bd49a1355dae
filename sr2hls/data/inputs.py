"""The fixed-point numbers that the circuit sees, and how a raw row becomes one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sr2hls.arrays import FloatArray, IntArray
from sr2hls.data.decimal_units import DecimalUnit, fit_unit
from sr2hls.data.names import FeatureNames
from sr2hls.data.reason import reason
from sr2hls.data.scaler import InputScaler, ScalerKind
from sr2hls.errors import InputError, ProgramError
from sr2hls.program.input_map import ExactMap, InputMap, fit_map
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.store.files import write_text

DEFAULT_WIDTH = 6
"""A table of one input of six bits is one LUT6 an output bit."""
_WIDEST = 32
_PIECE = 16_384
"""Rows that are scaled and rounded at once."""
_FORMAT = "sr2hls inputs 1"


def choose_input_types(Z: ArrayLike, width: int | Sequence[int] = DEFAULT_WIDTH) -> tuple[FixedType, ...]:
    """Choose a fixed-point type a feature: sign and integer bits with the least mean absolute error at the
    given width.

    Rounding is to nearest (RND) and overflow saturates (SAT), since features have tails.

    Args:
        Z: features as they come to the circuit, after the scaler, (n, f).
        width: bits of all inputs, or of each.

    Raises:
        InputError: a width is not in 1 to 32, or there are not as many as features.
    """
    rows = np.asarray(Z, dtype=np.float64)
    return tuple(_best_type(rows[:, i], w) for i, w in enumerate(widths_of(width, rows.shape[1])))


def widths_of(width: int | Sequence[int], n_features: int) -> tuple[int, ...]:
    """One width a feature.

    Raises:
        InputError: a width is not in 1 to 32, or there are not as many as features.
    """
    widths = (width,) * n_features if isinstance(width, int) else tuple(width)
    if len(widths) != n_features:
        raise InputError(f"{len(widths)} input widths for {n_features} features: give one, or one each")
    for value in widths:
        if not 1 <= value <= _WIDEST:
            raise InputError(f"input width {value}: give 1 to {_WIDEST} bits")
    return widths


def _best_type(values: FloatArray, width: int) -> FixedType:
    signed = bool(values.min() < 0) and width > 1
    largest = max(abs(float(values.min())), abs(float(values.max())), 2.0**-60)
    top = int(np.ceil(np.log2(largest))) + 1 + signed
    sample = values[:: max(1, len(values) // 20_000)]
    candidates = [
        FixedType(signed, width, integer, Rounding.RND, Overflow.SAT) for integer in range(top, top - 8, -1)
    ]
    return min(candidates, key=lambda t: float(np.abs(_snap(sample, t) - sample).mean()))


def _codes(values: FloatArray, type_: FixedType) -> IntArray:
    # RND: nearest, ties towards plus infinity. floor(v + 0.5) is exact here: a width of at most 32 bits
    # leaves 21 bits of the double below the tie, and what is larger saturates.
    scaled = np.clip(np.ldexp(values, type_.frac), type_.raw_min - 1.0, type_.raw_max + 1.0)
    below = np.floor(scaled)
    nearest = np.clip(below + (scaled - below >= 0.5), type_.raw_min, type_.raw_max)
    codes: IntArray = nearest.astype(np.int64)
    return codes


def _snap(values: FloatArray, type_: FixedType) -> FloatArray:
    return np.ldexp(_codes(values, type_).astype(np.float64), -type_.frac)


@dataclass(frozen=True, slots=True, eq=False)
class InputFormat:
    """How raw features become the circuit's inputs: a scaler upstream, then rounding to fixed point.

    Attributes:
        names: of the features.
        scaler: affine map that runs upstream of the circuit.
        types: of the circuit's inputs, rounding RND and overflow SAT.
        units: of the features, where formulas are over them in decimal units.
        raw_types: of features that arrive in fixed point and are scaled in exact arithmetic, as a circuit
            does; by default they are floating-point numbers, and the scaler runs upstream.
    """

    names: FeatureNames
    scaler: InputScaler
    types: tuple[FixedType, ...]
    raw_types: tuple[FixedType, ...] | None = None
    units: tuple[DecimalUnit, ...] | None = None

    def __post_init__(self) -> None:
        counts = {len(self.names.display), self.scaler.n_features, len(self.types)}
        counts |= set() if self.raw_types is None else {len(self.raw_types)}
        if len(counts) != 1:
            raise InputError(
                f"{len(self.names.display)} features, a scaler of {self.scaler.n_features} and "
                f"{len(self.types)} types: they have to fit together"
            )
        every = (*self.types, *(self.raw_types or ()))
        for name, type_ in zip(self.names.display * 2, every, strict=False):
            if (type_.rounding, type_.overflow) != (Rounding.RND, Overflow.SAT) or type_.width > _WIDEST:
                raise InputError(
                    f"the input {name!r} is {type_}: give at most {_WIDEST} bits with RND and SAT"
                )

    @classmethod
    def fit(
        cls,
        X: ArrayLike,
        names: FeatureNames | None = None,
        *,
        width: int | Sequence[int] = DEFAULT_WIDTH,
        scaler: InputScaler | ScalerKind | str = ScalerKind.RANGE,
        types: Sequence[FixedType] | None = None,
    ) -> "InputFormat":
        """Choose scaler and types on training rows.

        Args:
            X: raw features (n, f).
            names: of the features.
            width: bits of all inputs, or of each.
            scaler: one that is given, or the kind to fit.
            types: given types; None to choose them.

        Raises:
            InputError: widths, scaler or types do not fit the features.
        """
        rows = np.asarray(X, dtype=np.float64)
        n = rows.shape[1]
        widths = widths_of(width, n)
        if scaler == ScalerKind.DECIMAL:
            return cls._decimal(rows, names or FeatureNames.of(None, n), widths, types)
        if not isinstance(scaler, InputScaler):
            scaler = InputScaler.fit(rows, scaler, widths)
        if scaler.n_features != n:
            raise InputError(
                f"the scaler is for {scaler.n_features} features, the data have {n}: give the right one"
            )
        if types is None and scaler.kind == ScalerKind.RANGE:
            types = tuple(FixedType(True, w, 1, Rounding.RND, Overflow.SAT) for w in widths)
        elif types is None:
            types = choose_input_types(scaler.transform(rows), widths)
        return cls(names or FeatureNames.of(None, n), scaler, tuple(types))

    @classmethod
    def _decimal(
        cls, rows: FloatArray, names: FeatureNames, widths: Sequence[int], types: Sequence[FixedType] | None
    ) -> "InputFormat":
        found = [fit_unit(rows[:, i], w) for i, w in enumerate(widths)]
        units = tuple(unit for unit, _ in found)
        offset, scale = (np.array(v) for v in ([u.offset for u in units], [u.scale for u in units]))
        if types is None:
            types = [
                FixedType(True, w, w - frac, Rounding.RND, Overflow.SAT)
                for w, (_, frac) in zip(widths, found, strict=True)
            ]
        scaler = InputScaler(offset, scale, ScalerKind.DECIMAL.value)
        return cls(names, scaler, tuple(types), units=units)

    def with_raw(self, X: ArrayLike, width: int, types: Mapping[str, FixedType]) -> "InputFormat":
        """Return the same inputs made of features that arrive in fixed point.

        Args:
            X: raw features (n, f), by which types are chosen.
            width: bits of each.
            types: given types, by the features' names.

        Raises:
            InputError: a type is of no feature, or its scaling is not exact in 56 bits.
        """
        unknown = sorted(set(types) - set(self.names.display))
        if unknown:
            raise InputError(
                f"raw_types names the feature '{unknown[0]}', which there is not; there are "
                f"{', '.join(self.names.display)}"
            )
        chosen = choose_input_types(X, width)
        raw = tuple(types.get(n, t) for n, t in zip(self.names.display, chosen, strict=True))
        found = replace(self, raw_types=raw)
        _ = found.maps
        return found

    @property
    def maps(self) -> tuple[InputMap, ...] | None:
        """The scaling of each feature in integers; ``None`` where it runs upstream."""
        if self.raw_types is None:
            return None
        offsets, scales = self.scaler.offset.tolist(), self.scaler.scale.tolist()
        return tuple(
            fit_map(ExactMap(raw, type_, Fraction(offset), Fraction(scale)))
            for raw, type_, offset, scale in zip(self.raw_types, self.types, offsets, scales, strict=True)
        )

    def raw(self, X: ArrayLike) -> IntArray:
        """Raw features (n, f) to the integers on the circuit's wires (n, f)."""
        rows = self._rows(X)
        found = np.empty(rows.shape, np.int64)
        self._write(rows, found)
        return found

    def values(self, X: ArrayLike) -> FloatArray:
        """Raw features (n, f) to the numbers that the circuit's inputs stand for (n, f)."""
        rows = self._rows(X)
        found = np.empty(rows.shape)
        self._write(rows, found)
        return np.ldexp(found, [-type_.frac for type_ in self.types], out=found)

    def snap(self, X: ArrayLike) -> FloatArray:
        """Raw features (n, f) as the circuit sees them, in raw units: what the network is given in a fair
        comparison."""
        return self.scaler.inverse_transform(self.values(X))

    def _write(self, rows: NDArray[np.generic], found: FloatArray | IntArray) -> None:
        """Write the integers on the circuit's wires, piece by piece: what is in between takes no memory."""
        maps = self.maps
        for start in range(0, len(rows), _PIECE):
            piece = np.asarray(rows[start : start + _PIECE], dtype=np.float64)
            to = found[start : start + _PIECE]
            if maps is None:
                piece = self.scaler.transform(piece)
                for i, type_ in enumerate(self.types):
                    to[:, i] = _codes(piece[:, i], type_)
                continue
            for i, m in enumerate(maps):
                to[:, i] = m.codes(_codes(piece[:, i], m.raw))

    def _rows(self, X: ArrayLike) -> NDArray[np.generic]:
        rows = np.asarray(X)
        if rows.ndim != 2 or rows.shape[1] != len(self.types):
            raise InputError(
                f"rows of shape {rows.shape} for {len(self.types)} inputs: give (rows, features)"
            )
        return rows

    def is_same(self, other: "InputFormat") -> bool:
        """Return whether both make the same numbers of scaled features."""
        return self._content() == other._content()

    def _content(self) -> dict[str, Any]:
        return {
            "features": list(self.names.display),
            "scaler": self.scaler.to_json(),
            "types": _plain(self.types),
            **({} if self.units is None else {"units": [asdict(unit) for unit in self.units]}),
        }

    def save(self, path: str | Path) -> None:
        """Write everything to a .json file, whole or not at all.

        Raises:
            InputError: the file cannot be written.
        """
        path = Path(path)
        content = {
            "format": _FORMAT,
            **self._content(),
            **({} if self.raw_types is None else {"raw_types": _plain(self.raw_types)}),
            "meaning": "input = (feature - offset) / scale, rounded to nearest (RND), saturating (SAT)",
        }
        try:
            write_text(path, json.dumps(content, indent=1) + "\n")
        except OSError as error:
            raise InputError(f"'{path}' cannot be written ({error.strerror})") from error

    @classmethod
    def load(cls, path: str | Path) -> "InputFormat":
        """Read a file that `save` wrote.

        Raises:
            InputError: the file cannot be read, or is none of those.
        """
        try:
            content: Any = json.loads(Path(path).read_text(encoding="utf-8"))
            if content["format"] != _FORMAT:
                raise ValueError(f"format '{content['format']}'")
            types = _types(content["types"])
            raw_types = _types(content["raw_types"]) if "raw_types" in content else None
            units = _units(content["units"]) if "units" in content else None
            names = FeatureNames.of([str(name) for name in content["features"]], len(types))
            scaler = InputScaler.from_mapping(content["scaler"], str(path), str(content["scaler"]["kind"]))
        except (
            OSError,
            ArithmeticError,
            LookupError,
            TypeError,
            ValueError,
            ProgramError,
            RecursionError,
        ) as error:
            raise InputError(
                f"'{path}' is no description of inputs ({reason(error)}): write it again"
            ) from error
        return cls(names, scaler, types, raw_types, units)


def _plain(types: Sequence[FixedType]) -> list[dict[str, Any]]:
    return [{"signed": t.signed, "width": t.width, "integer": t.integer, "ap_fixed": str(t)} for t in types]


def _types(content: Sequence[Mapping[str, Any]]) -> tuple[FixedType, ...]:
    return tuple(
        FixedType(bool(t["signed"]), int(t["width"]), int(t["integer"]), Rounding.RND, Overflow.SAT)
        for t in content
    )


def _units(content: Sequence[Mapping[str, Any]]) -> tuple[DecimalUnit, ...]:
    return tuple(DecimalUnit(int(u["exponent"]), float(u["zero"]), float(u["place"])) for u in content)
