"""The fit of the program model: non-negative least squares of relative errors."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from sr2hls.program.blocks import AreaFeature, Block, PathFeature, blocks_of
from sr2hls.program.predict import area_features, path_features
from sr2hls.program.program import Program

FloatArray = NDArray[np.float64]

# What a LUT6 fabric gives by its structure; the fit stays near it where the programs say little.
_PRIOR_LUT = {
    AreaFeature.ADDER: 1.0,
    AreaFeature.ABSORBING: 1.0,
    AreaFeature.SMALL_TABLE: 0.9,
    AreaFeature.LARGE_TABLE: 0.9,
    AreaFeature.SMALL_OPERATION: 0.8,
    AreaFeature.PRODUCT: 1.2,
    AreaFeature.SQUARE: 1.4,
    AreaFeature.CONSTANT_PRODUCT: 0.8,
    AreaFeature.CHOICE: 1.0,
    AreaFeature.COMPARE: 1.0,
    AreaFeature.QUOTIENT: 2.0,
    AreaFeature.NEGATION: 1.0,
    AreaFeature.ROUNDING: 0.1,
    AreaFeature.BOUNDING: 0.9,
}
_PRIOR_WEIGHT = 0.05
_ROUNDS = 30


def fit_area(blocks: list[tuple[Block, ...]], luts: FloatArray, shares: FloatArray) -> FloatArray:
    """Return LUTs for each unit of `AreaFeature`: relative errors, least absolute ones by reweighting.

    Args:
        blocks: of each program.
        luts: as measured.
        shares: weight of each program.
    """
    features = np.stack([area_features(b) for b in blocks])
    prior = np.array([_PRIOR_LUT[kind] for kind in AreaFeature])
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
    """Return nanoseconds for each unit of `PathFeature`, and for the logarithm of the LUTs.

    The longest path depends on the coefficients and the other way round: they are found in turns.
    """
    blocks = [blocks_of(p) for p in programs]
    size = np.log1p(np.array([area_features(b) @ area for b in blocks]))
    found = np.array([2.0, 1.0, 0.05, 1.0, 0.5, 2.0, 0.3, 0.1])
    for _ in range(_ROUNDS):
        paths = np.stack(
            [path_features(b, p, found[: len(PathFeature)]) for b, p in zip(blocks, programs, strict=True)]
        )
        features = np.column_stack([paths, size])
        fresh, _ = nnls(features / ns[:, None], np.ones(len(ns)))
        found = (found + fresh) / 2
    return found[: len(PathFeature)], float(found[-1])


def model_data(
    area: FloatArray, ns: FloatArray, spread: float, *, largest: float, date: str, tools: dict[str, str]
) -> dict[str, object]:
    """Return the JSON form of the model."""
    return {
        "date": date,
        "largest": largest,
        "tools": f"{tools['yosys']} (LUT), {tools['nextpnr']} (delay)",
        "command": "python benchmarks/cost_model.py --write",
        "lut": {kind.name.lower(): round(float(area[kind]), 4) for kind in AreaFeature},
        "ns": {kind.name.lower(): round(float(ns[kind]), 4) for kind in PathFeature}
        | {"spread": round(spread, 4)},
        "lut_error": "not judged yet",
        "ns_error": "not judged yet",
    }
