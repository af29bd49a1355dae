"""Readable formulas as circuits: every table entry is the printed formula, rounded as printed."""

from sr2hls.quantised.designs import QuantisedOptions, train_quantised

__all__ = ["QuantisedOptions", "train_quantised"]
