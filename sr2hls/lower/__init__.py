"""Formulas that people already have, compiled to a verified circuit."""

from sr2hls.lower.story import LowerResult, lower, lower_formulas

__all__ = ["LowerResult", "lower", "lower_formulas"]
