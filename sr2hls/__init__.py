"""sr2hls: distil a trained network into formulas, compile them to a verified FPGA circuit.

Example:
    >>> import sr2hls
    >>> result = sr2hls.compile("jet_tagger.onnx", "jets.npz", "result", max_lut=400)
    >>> result.report.formulas[0].sympy
"""

from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sr2hls.pipeline import compile

__all__ = ["__version__", "compile"]
__version__ = version("sr2hls")


def __getattr__(name: str) -> object:
    # Loaded when asked for: torch and hls4ml take seconds, and a command's --help needs neither.
    if name == "compile":
        from sr2hls.pipeline import compile as function

        return function
    raise AttributeError(f"module 'sr2hls' has no attribute '{name}'")
