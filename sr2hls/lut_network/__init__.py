"""LUT networks: sums of small lookup tables, grown to copy a teacher.

Every node is a table of at most six index bits, which is one LUT6 an output bit whatever its function is, or
a sum of tables. A table reads one or two quantised values. The model is a generalised additive model with
pair functions (GA²M; Lou, Caruana, Gehrke, Hooker, KDD 2013) whose functions are tables. It grows by
second-order gains, as gradient boosting does (Friedman, Hastie, Tibshirani, Annals of Statistics 28, 2000),
and is trained within its final widths. LogicNets, PolyLUT and NeuraLUT call such models LUT networks.
"""

from sr2hls.lut_network.descent import Layout, improve, sweep
from sr2hls.lut_network.grow import GrowOptions, GrowthStep, finished, grow
from sr2hls.lut_network.grow_and_prune import Grown, grown_to
from sr2hls.lut_network.samples import (
    indices_of,
    number_scale,
    samples_of,
)
from sr2hls.lut_network.samples_and_loss import DECISIVE, SOFT, LossKind, Samples, Weights
from sr2hls.lut_network.table_network import LutNetwork, TableNode
from sr2hls.lut_network.widths import WidthOptions, fit_widths

__all__ = [
    "DECISIVE",
    "SOFT",
    "GrowOptions",
    "Grown",
    "GrowthStep",
    "Layout",
    "LossKind",
    "LutNetwork",
    "Samples",
    "TableNode",
    "Weights",
    "WidthOptions",
    "finished",
    "fit_widths",
    "grow",
    "grown_to",
    "improve",
    "indices_of",
    "number_scale",
    "samples_of",
    "sweep",
]
