"""The fit of the program model: non-negative least squares of relative errors."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from sr2hls.program.blocks import Area, Block, Path, blocks_of
from sr2hls.program.predict import area_features, path_features
from sr2hls.program.program import Program

FloatArray = NDArray[np.float64]

# What a LUT6 fabric gives by its structure; the fit stays near it where the programs say little.
_PRIOR_LUT = {
    Area.ADDER: 1.0, Area.ABSORBING: 1.0, Area.SMALL_TABLE: 0.9, Area.LARGE_TABLE: 0.9,
    Area.SMALL_OPERATION: 0.8, Area.PRODUCT: 1.2, Area.SQUARE: 1.4, Area.CONSTANT_PRODUCT: 0.8,
    Area.CHOICE: 1.0, Area.COMPARE: 1.0, Area.QUOTIENT: 2.0, Area.NEGATION: 1.0, Area.ROUNDING: 0.1,
    Area.BOUNDING: 0.9,
}  # fmt: skip
_PRIOR_WEIGHT = 0.05
_ROUNDS = 30


def fit_area(blocks: list[tuple[Block, ...]], luts: FloatArray, shares: FloatArray) -> FloatArray:
    """Return LUTs for each unit of `Area`: relative errors, least absolute ones by reweighting.

    Args:
        blocks: of each program.
        luts: as measured.
        shares: weight of each program.
    """
    features = np.stack([area_features(b) for b in blocks])
    prior = np.array([_PRIOR_LUT[kind] for kind in Area])
    scale = np.maximum(features.mean(axis=0), 1e-9)
    weights = shares
    found = prior
    for _ in range(_ROUNDS):
        rows = features / luts[:, None] * weights[:, None]
        pull = np.diag(_PRIOR_WEIGHT * np.sqrt(len(luts)) * np.ones(len(prior)) / (1 + scale))
        found, _ = nnls(np.vstack([rows, pull]), np.concatenate([weights, pull @ prior]))
        off = np.abs(features @ found / luts - 1)
        weights = shares / np.sqrt(np.maximum(off, 0.03))
    return np.asarray(found)


def fit_delay(programs: list[Program], ns: FloatArray, area: FloatArray) -> tuple[FloatArray, float]:
    """Return nanoseconds for each unit of `Path`, and for the logarithm of the LUTs.

    The longest path depends on the coefficients and the other way round: they are found in turns.
    """
    blocks = [blocks_of(p) for p in programs]
    size = np.log1p(np.array([area_features(b) @ area for b in blocks]))
    found = np.array([2.0, 1.0, 0.05, 1.0, 0.5, 2.0, 0.3, 0.1])
    for _ in range(_ROUNDS):
        paths = np.stack(
            [path_features(b, p, found[: len(Path)]) for b, p in zip(blocks, programs, strict=True)]
        )
        features = np.column_stack([paths, size])
        fresh, _ = nnls(features / ns[:, None], np.ones(len(ns)))
        found = (found + fresh) / 2
    return found[: len(Path)], float(found[-1])


def model_data(
    area: FloatArray, ns: FloatArray, spread: float, *, largest: float, date: str, tools: dict[str, str]
) -> dict[str, object]:
    """Return the JSON form of the model."""
    return {
        "date": date,
        "largest": largest,
        "tools": f"{tools['yosys']} (LUT), {tools['nextpnr']} (delay)",
        "command": "python benchmarks/cost_model.py --write",
        "lut": {kind.name.lower(): round(float(area[kind]), 4) for kind in Area},
        "ns": {kind.name.lower(): round(float(ns[kind]), 4) for kind in Path} | {"spread": round(spread, 4)},
        "lut_error": "not judged yet",
        "ns_error": "not judged yet",
    }
