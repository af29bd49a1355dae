"""sr2hls: distil a trained network into formulas, compile them to a verified FPGA circuit.

Example:
    >>> import sr2hls
    >>> result = sr2hls.compile("jet_tagger.onnx", "jets.npz", "result", max_lut=400)
    >>> result.report.formulas[0].sympy
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sr2hls.circuit import Circuit
    from sr2hls.design import Design, Proposal
    from sr2hls.flow.compile import compile
    from sr2hls.flow.explore import Exploration, explore
    from sr2hls.flow.implement import Result
    from sr2hls.flow.lower import lower
    from sr2hls.flow.search import search_data
    from sr2hls.problem import Problem

__all__ = [
    "Circuit",
    "Design",
    "Exploration",
    "Problem",
    "Proposal",
    "Result",
    "__version__",
    "compile",
    "explore",
    "lower",
    "search_data",
]
__version__ = version("sr2hls")

_HOMES = {
    "Circuit": "circuit",
    "Design": "design",
    "Exploration": "flow.explore",
    "Problem": "problem",
    "Proposal": "design",
    "Result": "flow.implement",
    "compile": "flow.compile",
    "explore": "flow.explore",
    "lower": "flow.lower",
    "search_data": "flow.search",
}


def __getattr__(name: str) -> object:
    # Loaded when asked for: torch and hls4ml take seconds, and a command's --help needs neither.
    if name in _HOMES:
        return getattr(import_module(f"sr2hls.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'sr2hls' has no attribute '{name}'")
