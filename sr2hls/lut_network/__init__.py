"""Cascades: sums of small functions of one or two values, of few bits each, grown to copy a teacher."""

from sr2hls.lut_network.descent import Layout, improve, sweep
from sr2hls.lut_network.grow import GrowOptions, Step, finished, grow
from sr2hls.lut_network.network import Network, Node
from sr2hls.lut_network.objective import DECISIVE, SOFT, Kind, Samples, Weights
from sr2hls.lut_network.samples import Oracle, codes_of, number_scale, samples_between, samples_of
from sr2hls.lut_network.trade import Grown, grown_to
from sr2hls.lut_network.widths import WidthOptions, fit_widths

__all__ = [
    "DECISIVE",
    "SOFT",
    "GrowOptions",
    "Grown",
    "Kind",
    "Layout",
    "Network",
    "Node",
    "Oracle",
    "Samples",
    "Step",
    "Weights",
    "WidthOptions",
    "codes_of",
    "finished",
    "fit_widths",
    "grow",
    "grown_to",
    "improve",
    "number_scale",
    "samples_between",
    "samples_of",
    "sweep",
]
