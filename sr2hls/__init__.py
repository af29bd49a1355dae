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
    from sr2hls.flow.search import search as search_data
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
    "Circuit": "circuit:Circuit",
    "Design": "design:Design",
    "Exploration": "flow.explore:Exploration",
    "Problem": "problem:Problem",
    "Proposal": "design:Proposal",
    "Result": "flow.implement:Result",
    "compile": "flow.compile:compile",
    "explore": "flow.explore:explore",
    "lower": "flow.lower:lower",
    # `sr2hls.search` is the package of engines.
    "search_data": "flow.search:search",
}


def __getattr__(name: str) -> object:
    # Loaded when asked for: torch and hls4ml take seconds, and a command's --help needs neither.
    if name in _HOMES:
        module, _, attribute = _HOMES[name].partition(":")
        return getattr(import_module(f"sr2hls.{module}"), attribute)
    raise AttributeError(f"module 'sr2hls' has no attribute '{name}'")
