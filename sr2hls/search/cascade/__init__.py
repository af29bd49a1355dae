"""Cascades: sums of small functions of one or two values, of few bits each, grown to copy a teacher."""

from sr2hls.search.cascade.descent import Layout, improve, sweep
from sr2hls.search.cascade.grow import GrowOptions, Step, finished, grow
from sr2hls.search.cascade.network import Network, Node
from sr2hls.search.cascade.objective import DECISIVE, SOFT, Kind, Samples, Weights
from sr2hls.search.cascade.samples import Oracle, codes_of, number_scale, samples_between, samples_of

__all__ = [
    "DECISIVE",
    "SOFT",
    "GrowOptions",
    "Kind",
    "Layout",
    "Network",
    "Node",
    "Oracle",
    "Samples",
    "Step",
    "Weights",
    "codes_of",
    "finished",
    "grow",
    "improve",
    "number_scale",
    "samples_between",
    "samples_of",
    "sweep",
]
