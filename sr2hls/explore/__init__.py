"""Many designs of one network, from the cheapest to the most faithful.

>>> from sr2hls.explore import explore
>>> study = explore("jet_tagger.onnx", "jets.npz", "study", luts=(50, 100, 200))
>>> for point in study.frontier.best():
...     print(point.name, point.test)
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sr2hls.explore.run import explore

__all__ = ["explore"]


def __getattr__(name: str) -> Any:
    # A compilation reads explorations, and an exploration compiles: only who asks gets all of it.
    if name == "explore":
        from sr2hls.explore.run import explore as function

        return function
    raise AttributeError(f"module 'sr2hls.explore' has no attribute '{name}'")
