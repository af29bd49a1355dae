"""Rows that the inputs of formulas will look like: from data, or drawn from ranges."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sr2hls.arrays import FloatArray
from sr2hls.data import Dataset, FeatureNames, InputFormat, ScalerKind, load_dataset
from sr2hls.data.data_source import TARGET_KEYS
from sr2hls.errors import InputError
from sr2hls.options import LowerOptions
from sr2hls.options.lower import DEFAULT_BITS
from sr2hls.prepare import input_type, with_raw_features
from sr2hls.program.lower_measured import WIDEST, input_rounding
from sr2hls.search.formula_source import FormulaSource
from sr2hls.store.files import sha256_of

_DRAWN_ROWS = 20_000
_OF_ERROR = 0.7
"""Share of the error that rounding of the inputs may take where their width is free: as much as the circuit's
own, which is independent of it."""
_TABLES = (".csv", ".parquet")
_POSITIONAL = re.compile(r"x\d+")


@dataclass(frozen=True)
class Rows:
    """Inputs of the formulas, and what the formulas should give.

    Attributes:
        file: name of the file they come from.
        sha256: its digest, ``None`` without a file.
        splits: split to inputs of shape (rows, inputs), in the order of the formulas' inputs, and labels.
        classes: names of the classes, if the labels are classes and there is a formula for each.
        warnings: what a user should know about the data.
    """

    file: str
    sha256: str | None
    splits: Mapping[str, tuple[FloatArray, NDArray[np.generic] | None]]
    classes: tuple[str, ...] | None
    warnings: tuple[str, ...]


def load_table(options: LowerOptions, source: FormulaSource) -> Dataset | None:
    """Load the data; ``None`` if there are none.

    A column of a table that a formula reads is an input, though it be called as labels often are.

    Args:
        options: file, columns and labels.
        source: the formulas; the labels of a single one are values, never classes.

    Raises:
        InputError: the file cannot be used.
    """
    if options.data is None:
        return None
    load = partial(
        load_dataset,
        options.data,
        target=options.target_column,
        task=None if len(source.chosen) > 1 else "regression",
        seed=options.seed,
        drop_nonfinite=options.drop_nonfinite,
    )
    found = load(features=options.features)
    there = found.names.display
    read = [name for name in source.names if name in TARGET_KEYS and name not in there]
    guessed = options.features is None and options.target_column is None
    if read and guessed and options.data.suffix in _TABLES:
        return load(features=(*there, *read))
    return found


def input_rows(options: LowerOptions, source: FormulaSource, dataset: Dataset | None) -> Rows:
    """Take the rows out of the data, or draw them.

    Raises:
        InputError: data or ranges do not fit the formulas.
    """
    if dataset is None or options.data is None:
        return _drawn(options, source.names)
    outputs = len(source.chosen)
    columns = _columns(dataset, source.names)
    classes = dataset.classes if dataset.classes and len(dataset.classes) == outputs else None
    splits: dict[str, tuple[FloatArray, NDArray[np.generic] | None]] = {}
    for name in ("train", "validation", "test"):
        part = getattr(dataset, name)
        labels = part.y
        if labels is not None and classes is None:
            fits = dataset.classes is None and np.size(labels) == len(part.X) * outputs
            labels = np.asarray(labels, dtype=float).reshape(len(part.X), -1) if fits else None
        splits[name] = np.asarray(part.X[:, columns], dtype=np.float64), labels
    return Rows(options.data.name, sha256_of(options.data), splits, classes, dataset.warnings())


def _columns(dataset: Dataset, names: tuple[str, ...]) -> list[int]:
    """Return the columns that the formulas' inputs are: those of their names, else x0, x1, … by position."""
    there = dataset.names.display
    if all(name in there for name in names):
        return [there.index(name) for name in names]
    if all(_POSITIONAL.fullmatch(name) for name in names):
        columns = [int(name[1:]) for name in names]
        if max(columns) < len(there):
            return columns
        raise InputError(
            f"the formulas use x{max(columns)} but '{dataset.path}' has {len(there)} features: give data "
            "with all inputs, in the order of the search"
        )
    missing = next(name for name in names if name not in there)
    raise InputError(
        f"the formulas use the input '{missing}', which '{dataset.path}' does not have; it has "
        f"{', '.join(there)}"
    )


def _drawn(options: LowerOptions, names: tuple[str, ...]) -> Rows:
    ranges = {name: (low, high) for name, low, high in options.ranges}
    missing = [name for name in names if name not in ranges]
    if missing:
        raise InputError(
            f"the range of the input '{missing[0]}' is not known: give --data with rows like those that will "
            f"come, or --range {missing[0]}=LOW,HIGH"
        )
    unknown = sorted(set(ranges) - set(names))
    if unknown:
        raise InputError(f"--range names '{unknown[0]}', which the formulas do not use: {', '.join(names)}")
    rng = np.random.default_rng(options.seed)
    low, high = np.array([ranges[n] for n in names]).T
    splits = {n: (rng.uniform(low, high, (_DRAWN_ROWS, len(names))), None) for n in ("train", "test")}
    return Rows("drawn uniformly from the ranges given", None, splits, None, ())


def input_format(options: LowerOptions, source: FormulaSource, X: FloatArray) -> InputFormat:
    """Choose the fixed-point types of inputs: as wide as asked for, or as the error needs.

    Args:
        options: width, types of single inputs, error.
        source: the formulas.
        X: rows of inputs, shape (rows, inputs).

    Raises:
        InputError: a given type is malformed or of no input.
    """
    if options.input_bits is not None or options.input_types:
        return _format(options, source.names, X, options.input_bits or DEFAULT_BITS)
    usual = _format(options, source.names, X, DEFAULT_BITS)
    for bits in range(DEFAULT_BITS, WIDEST + 1):
        wider = _format(options, source.names, X, bits)
        types = dict(zip(wider.names.identifiers, wider.types, strict=True))
        lost = input_rounding(source.formulas, types, X, wider.values(X))
        if max(lost.values()) <= _OF_ERROR * options.error_asked:
            return wider
    return usual


def _format(options: LowerOptions, names: tuple[str, ...], X: FloatArray, bits: int) -> InputFormat:
    fitted = InputFormat.fit(X, FeatureNames.of(names, len(names)), width=bits, scaler=ScalerKind.IDENTITY)
    types = dict(zip(names, fitted.types, strict=True))
    for name, text in options.input_types:
        if name not in types:
            raise InputError(f"--input-type names the input '{name}', which is none of {', '.join(names)}")
        types[name] = input_type(name, text)
    inputs = InputFormat(fitted.names, fitted.scaler, tuple(types.values()))
    return with_raw_features(inputs, X, options) if options.with_scaler else inputs
