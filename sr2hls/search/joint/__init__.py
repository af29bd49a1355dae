"""Readable formulas of all outputs together, found on the problem's own loss."""

from sr2hls.search.joint.model import JointModel, Term

__all__ = ["JointModel", "Term"]
