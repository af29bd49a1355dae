"""Cascades: sums of small functions of one or two values, of few bits each, grown to copy a teacher."""

from sr2hls.search.cascade.descent import Layout, improve, sweep
from sr2hls.search.cascade.grow import GrowOptions, Step, finished, grow
from sr2hls.search.cascade.network import Network, Node
from sr2hls.search.cascade.objective import DECISIVE, SOFT, Kind, Samples, Weights
from sr2hls.search.cascade.samples import Oracle, codes_of, number_scale, samples_between, samples_of
from sr2hls.search.cascade.trade import Grown, grown_to
from sr2hls.search.cascade.widths import WidthOptions, fit_widths

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
