"""What a user asks for, declared once: arguments in Python, flags, help, keys of TOML files and the docs.

A field's type is read by both: text from Python goes through its converter, tokens of the command line
through what its annotation says. The text under a field is its help.
"""

from sr2hls.options.call import called_with
from sr2hls.options.choices import (
    Backend,
    Cost,
    Effort,
    EngineName,
    SearchCost,
    SearchLoss,
    StrategyName,
    Synthesis,
    Tables,
)
from sr2hls.options.circuit import CircuitOptions
from sr2hls.options.compile import CompileOptions
from sr2hls.options.distil import DistilOptions
from sr2hls.options.explore import ExploreOptions
from sr2hls.options.lower import LowerOptions
from sr2hls.options.measure import MeasureOptions
from sr2hls.options.search import StudyOptions

__all__ = [
    "Backend",
    "CircuitOptions",
    "CompileOptions",
    "Cost",
    "DistilOptions",
    "Effort",
    "EngineName",
    "ExploreOptions",
    "LowerOptions",
    "MeasureOptions",
    "SearchCost",
    "SearchLoss",
    "StrategyName",
    "StudyOptions",
    "Synthesis",
    "Tables",
    "called_with",
]
