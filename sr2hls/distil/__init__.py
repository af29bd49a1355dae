"""Distilling inside a network: name a submodule, search for its formula, put it back, train on, repeat."""

from sr2hls.distil.bias import Bottleneck, GaussianMessages, OutputPenalty, kl_penalty, l1_penalty
from sr2hls.distil.choose import elbow
from sr2hls.distil.compose import compose
from sr2hls.distil.distil import Distilled, distil, distil_recording
from sr2hls.distil.latent import Directions, LinearMap, channel_importance, linear_map, principal_directions
from sr2hls.distil.layer import FormulaLayer
from sr2hls.distil.record import Recording, record
from sr2hls.distil.submodule import replace_submodule, submodule
from sr2hls.distil.tune import fine_tune

__all__ = [
    "Bottleneck",
    "Directions",
    "Distilled",
    "FormulaLayer",
    "GaussianMessages",
    "LinearMap",
    "OutputPenalty",
    "Recording",
    "channel_importance",
    "compose",
    "distil",
    "distil_recording",
    "elbow",
    "fine_tune",
    "kl_penalty",
    "l1_penalty",
    "linear_map",
    "principal_directions",
    "record",
    "replace_submodule",
    "submodule",
]
