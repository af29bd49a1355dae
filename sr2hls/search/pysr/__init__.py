"""PySR as a search engine: it runs in a process of its own, and what its files hold is what comes back."""

from sr2hls.search.pysr.pysr_engine import PySREngine
from sr2hls.search.pysr.settings import PySRSettings

__all__ = ["PySREngine", "PySRSettings"]
