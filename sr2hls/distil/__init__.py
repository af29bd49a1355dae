"""Distilling inside a network: name a submodule, search for its formula, put it back, train on, repeat."""

from sr2hls.distil.bias import OutputPenalty, l1_penalty
from sr2hls.distil.choose_candidate import elbow
from sr2hls.distil.compose import compose
from sr2hls.distil.distil import Distilled, distil
from sr2hls.distil.layer import FormulaLayer
from sr2hls.distil.recording import Recording, record
from sr2hls.distil.submodule import replace_submodule, submodule
from sr2hls.distil.tune import fine_tune

__all__ = [
    "Distilled",
    "FormulaLayer",
    "OutputPenalty",
    "Recording",
    "compose",
    "distil",
    "elbow",
    "fine_tune",
    "l1_penalty",
    "record",
    "replace_submodule",
    "submodule",
]
