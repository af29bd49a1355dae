"""A plain network as dense layers alone: scalers and batch normalisations are folded into neighbours."""

from collections.abc import Sequence

import numpy as np

from sr2hls.arrays import FloatArray
from sr2hls.baseline.quantised_network import ACTIVATIONS, FloatLayer
from sr2hls.errors import InputError
from sr2hls.teacher.layers import Activation, Affine, Dense, Layer

_LEAKY_SLOPE = 0.01
_FINAL = frozenset({"softmax", "log_softmax", "sigmoid"})
"""Final activations of a classifier that keep the order of its scores; hardware leaves them out."""


def dense_layers(layers: Sequence[Layer], *, classifier: bool) -> list[FloatLayer]:
    """Return the network as `FloatLayer` records.

    Args:
        layers: as `Teacher.layers` gives them.
        classifier: leave a softmax or sigmoid at the end out, so that the outputs are logits.

    Raises:
        InputError: an activation has no fixed-point form, or an affine map follows an activation at the end.
    """
    rest = list(layers)
    if classifier and rest and isinstance(rest[-1], Activation) and rest[-1].kind in _FINAL:
        rest.pop()
    folded: list[FloatLayer] = []
    scale: FloatArray | None = None
    shift: FloatArray | None = None
    for layer in rest:
        match layer:
            case Affine() if folded and folded[-1].activation == "linear":
                last = folded.pop()
                folded.append(
                    FloatLayer(last.weights * layer.scale, last.bias * layer.scale + layer.shift, "linear")
                )
            case Affine():
                scale = layer.scale if scale is None else scale * layer.scale
                shift = layer.shift if shift is None else shift * layer.scale + layer.shift
            case Dense():
                weights, bias = layer.weight.T, layer.bias
                if scale is not None and shift is not None:
                    bias = bias + shift @ weights
                    weights = weights * scale[:, None]
                    scale = shift = None
                if folded and folded[-1].activation == "linear":
                    last = folded.pop()
                    bias, weights = bias + last.bias @ weights, last.weights @ weights
                folded.append(FloatLayer(np.asarray(weights), np.asarray(bias), "linear"))
            case Activation():
                _check(layer)
                if not folded or folded[-1].activation != "linear":
                    raise InputError(f"activation '{layer.name}' does not follow a dense layer")
                last = folded.pop()
                folded.append(FloatLayer(last.weights, last.bias, layer.kind))
    if scale is not None or not folded:
        raise InputError(
            "the network ends with an affine map after an activation: fold it into a dense layer"
        )
    return folded


def _check(layer: Activation) -> None:
    given = {"leaky_relu": _LEAKY_SLOPE, "elu": 1.0}.get(layer.kind)
    if layer.kind not in ACTIVATIONS or (given is not None and not np.isclose(layer.alpha, given)):
        raise InputError(
            f"activation '{layer.name}' ({layer.kind}) has no fixed-point form here; "
            f"known are {', '.join(ACTIVATIONS)}"
        )
