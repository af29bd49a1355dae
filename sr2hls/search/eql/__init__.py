"""Equation learner: networks of primitives, trained by gradient and read out as formulas."""

from sr2hls.search.eql.eql_engine import EQLEngine
from sr2hls.search.eql.eql_network import EQLNetwork

__all__ = ["EQLEngine", "EQLNetwork"]
