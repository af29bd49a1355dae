"""How strongly each subexpression acts on the outputs, and the resolution that an error budget asks for."""

import math
from collections.abc import Iterator, Mapping

import numpy as np

from sr2hls.arrays import FloatArray
from sr2hls.program.graph import Graph
from sr2hls.program.node import Node, NodeKind, apply_node

_RELATIVE_STEP = 1e-4


def sensitivities(graph: Graph, values: Mapping[int, FloatArray], output: int) -> FloatArray:
    """Return, for each node, the root mean square over the samples of d(output)/d(node).

    Derivatives of single nodes are central differences; they are chained backwards through the graph. Where a
    node is undefined or infinite on a sample (a branch not taken, say) it does not act on the output there.

    Args:
        graph: the formulas.
        values: each node's values, shape (samples,).
        output: position of the output.
    """
    result = np.zeros(len(graph.nodes))
    for position, gradient in _gradients(graph, values, output):
        with np.errstate(over="ignore"):
            result[position] = math.sqrt(float(np.mean(np.square(gradient))))
    return result


def steepest(graph: Graph, values: Mapping[int, FloatArray], output: int) -> FloatArray:
    """Return, for each node, the largest size of d(output)/d(node) on any sample; see `sensitivities`."""
    result = np.zeros(len(graph.nodes))
    for position, gradient in _gradients(graph, values, output):
        result[position] = float(np.abs(gradient).max(initial=0.0))
    return result


def _gradients(
    graph: Graph, values: Mapping[int, FloatArray], output: int
) -> Iterator[tuple[int, FloatArray]]:
    """Yield d(output)/d(node), shape (samples,), of each node that the output depends on."""
    n_samples = max(np.size(v) for v in values.values())
    adjoint: dict[int, FloatArray] = {output: np.ones(n_samples)}
    for position in range(output, -1, -1):
        gradient = adjoint.pop(position, None)
        if gradient is None:
            continue
        yield position, gradient
        node = graph.nodes[position]
        args = [values[a] for a in node.args]
        for k, arg in enumerate(node.args):
            with np.errstate(all="ignore"):
                passed = gradient * _slope(node, args, k)
            adjoint[arg] = adjoint.get(arg, np.zeros(n_samples)) + np.where(np.isfinite(passed), passed, 0.0)


def _slope(node: Node, args: list[FloatArray], k: int) -> FloatArray:
    """Return the derivative of a node's value with respect to its k-th argument."""
    match node.kind:
        case NodeKind.ADD:
            return np.ones(())
        case NodeKind.MUL:
            return args[1 - k]
        case NodeKind.SELECT:
            chosen = args[0] != 0
            return args[1] - args[2] if k == 0 else (chosen if k == 1 else ~chosen).astype(np.float64)
        case NodeKind.COMPARE:
            # A step, seen as a slope over the spread of what is compared: a rounding error of that share of
            # the spread flips about that share of the decisions.
            return np.full((), 1 / max(_spread(args[0] - args[1])[0], 1e-12))
    spread, largest = _spread(args[k])
    step = _RELATIVE_STEP * max(spread, 1e-6 * largest, 1e-12)
    above, below = list(args), list(args)
    above[k], below[k] = args[k] + step, args[k] - step
    slope = (apply_node(node, above) - apply_node(node, below)) / (2 * step)
    return np.where(np.isfinite(slope), slope, 0.0)


def _spread(values: FloatArray) -> tuple[float, float]:
    """Return standard deviation and largest size of the finite values."""
    finite = values[np.isfinite(values)]
    return (float(np.std(finite)), float(np.max(np.abs(finite)))) if finite.size else (0.0, 0.0)


def fractional_bits(error: float, sensitivity: float) -> int:
    """Return the fewest fractional bits whose rounding stays below an rms error at the output.

    Rounding to a step has the standard deviation step / sqrt(12) (uniform rounding noise; Widrow and Kollar,
    Quantization Noise, 2008, chapter 5).
    """
    return _bits_of(error * math.sqrt(12), sensitivity) if sensitivity > 0 else 0


def bits_within(largest: float, slope: float) -> int:
    """Return the fewest fractional bits whose rounding moves an output by ``largest`` or less.

    It moves a node by at most half a step.
    """
    return _bits_of(2 * largest, slope) if slope > 0 else -64


def _bits_of(step: float, slope: float) -> int:
    return max(-64, min(64, math.ceil(-math.log2(step / slope))))
