"""Passes over programs, one a file; each keeps every output bit on every input."""

from sr2hls.program.passes.base import Pass, PassManager
from sr2hls.program.passes.pipeline import default_passes, optimize

__all__ = ["Pass", "PassManager", "default_passes", "optimize"]
