"""Rows on which a program is compared with its formula: all there are, or many and the telling ones."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from sr2hls.arrays import FloatArray
from sr2hls.program.graph import Graph
from sr2hls.program.node import NodeKind
from sr2hls.program.sensitivity import steepest
from sr2hls.program.types import FixedType

_ALL_BITS = 20
"""Combinations of input codes up to 2 to this power are all tried."""
_DRAWN = 1 << 17
_EXTREME, _NEAR = 64, 64
"""Rows where the formula is largest or least, and rows tried in the neighbourhood of each."""
_CORNER_INPUTS = 10


@dataclass(frozen=True, slots=True, eq=False)
class Probes:
    """Inputs and what the formulas give for them.

    Attributes:
        inputs: real inputs on the grid of their types, shape (samples, inputs).
        outputs: the formulas' values, shape (samples, outputs).
        uniform: how many rows, from the first, stand evenly for the whole range.
        exhaustive: whether they are all there are.
    """

    inputs: FloatArray
    outputs: FloatArray
    uniform: int
    exhaustive: bool


def probe_rows(graph: Graph, types: Mapping[str, FixedType], X: FloatArray, seed: int = 0) -> Probes:
    """Return rows of the range that the data span; rows without a finite value are left out.

    Args:
        graph: the formulas.
        types: fixed-point types of the inputs, in the order of the columns.
        X: inputs on the grid of the types, shape (samples, inputs).
        seed: of the rows drawn where there are too many to try all.
    """
    steps = np.array([t.step for t in types.values()])
    low = np.rint(X.min(axis=0) / steps).astype(np.int64)
    high = np.rint(X.max(axis=0) / steps).astype(np.int64)
    counts = [int(n) for n in high - low + 1]
    if float(np.prod(np.array(counts, dtype=np.float64))) <= 2.0**_ALL_BITS:
        axes = np.meshgrid(*(np.arange(a, b + 1) for a, b in zip(low, high, strict=True)), indexing="ij")
        codes = np.stack([a.ravel() for a in axes], axis=1)
        return _probes(graph, types, codes * steps, np.zeros((0, len(steps))), exhaustive=True)
    rng = np.random.default_rng(seed)
    drawn = rng.integers(low, high + 1, (_DRAWN, len(steps)))
    inputs = drawn * steps
    outputs = graph_outputs(graph, types, inputs)
    extra = [_corners(low, high)]
    for column in outputs.T:
        order = np.argsort(np.where(np.isfinite(column), column, np.nanmedian(column)))
        for row in np.concatenate([order[:_EXTREME], order[-_EXTREME:]]):
            centre = np.rint(inputs[row] / steps).astype(np.int64)
            reach = np.maximum(1, (high - low) >> 6)
            extra.append(np.clip(centre + rng.integers(-reach, reach + 1, (_NEAR, len(steps))), low, high))
    return _probes(graph, types, inputs, np.concatenate(extra) * steps, exhaustive=False)


def _probes(
    graph: Graph, types: Mapping[str, FixedType], even: FloatArray, more: FloatArray, *, exhaustive: bool
) -> Probes:
    inputs = np.concatenate([even, more])
    outputs = graph_outputs(graph, types, inputs)
    good = np.asarray(np.isfinite(outputs).all(axis=1))
    return Probes(inputs[good], outputs[good], int(good[: len(even)].sum()), exhaustive)


def _corners(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    middle = (low + high) // 2
    if len(low) <= _CORNER_INPUTS:
        return np.array(list(itertools.product(*zip(low, middle, high, strict=True)))[: 1 << 16])
    return np.stack([low, middle, high])


@dataclass(frozen=True, slots=True)
class Reach:
    """How far the nodes of a graph reach on many rows.

    Attributes:
        ranges: position of a node to its least and largest finite value.
        slopes: output to the largest d(output)/d(node) of each node.
    """

    ranges: Mapping[int, tuple[float, float]]
    slopes: Mapping[str, FloatArray]


def node_reach(graph: Graph, types: Mapping[str, FixedType], X: FloatArray) -> Reach:
    """Return how far each node reaches on inputs of shape (rows, inputs)."""
    ranges: dict[int, tuple[float, float]] = {}
    slopes = {name: np.zeros(len(graph.nodes)) for name in graph.outputs}
    for known in _evaluations(graph, types, X):
        for position, value in known.items():
            finite = value[np.isfinite(value)]
            if finite.size:
                low, high = ranges.get(position, (np.inf, -np.inf))
                ranges[position] = min(low, float(finite.min())), max(high, float(finite.max()))
        for name, position in graph.outputs.items():
            slopes[name] = np.maximum(slopes[name], steepest(graph, known, position))
    return Reach(ranges, slopes)


def graph_outputs(graph: Graph, types: Mapping[str, FixedType], X: FloatArray) -> FloatArray:
    """Return the formulas' values, shape (samples, outputs), for real inputs that need not lie on a grid."""
    columns = [np.zeros((0, len(graph.outputs)))]
    for known in _evaluations(graph, types, X):
        size = max(np.size(value) for value in known.values())
        columns.append(np.stack([np.broadcast_to(known[p], (size,)) for p in graph.outputs.values()], axis=1))
    return np.concatenate(columns)


def _evaluations(
    graph: Graph, types: Mapping[str, FixedType], X: FloatArray
) -> Iterator[dict[int, FloatArray]]:
    """Yield the values of all nodes, for a part of the rows at a time."""
    names = list(types)
    inputs = {
        position: names.index(n.name) for position, n in enumerate(graph.nodes) if n.kind is NodeKind.INPUT
    }
    for start in range(0, len(X), _DRAWN):
        known = {position: X[start : start + _DRAWN, column] for position, column in inputs.items()}
        for position in graph.outputs.values():
            graph.evaluate(position, known)
        yield known
