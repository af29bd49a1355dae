"""The passes that make a program small, in the order in which they help each other."""

from sr2hls.program.passes.affine import NarrowAffine
from sr2hls.program.passes.base import Pass, PassManager
from sr2hls.program.passes.common import ShareSubexpressions
from sr2hls.program.passes.dead import RemoveDeadCode
from sr2hls.program.passes.decide import SimplifyDecisions
from sr2hls.program.passes.fold_constants import FoldConstants
from sr2hls.program.passes.fuse import FuseCasts
from sr2hls.program.passes.index import ReduceIndices
from sr2hls.program.passes.narrow import NarrowRanges
from sr2hls.program.passes.share import ShareTables
from sr2hls.program.passes.simplify import Simplify
from sr2hls.program.passes.split import SplitTables
from sr2hls.program.passes.strength import ReduceStrength
from sr2hls.program.passes.tabulate import Tabulate
from sr2hls.program.program import Program


def default_passes() -> tuple[Pass, ...]:
    """Return the passes of `optimize` in their order."""
    return (
        FoldConstants(),
        Simplify(),
        SimplifyDecisions(),
        ShareSubexpressions(),
        NarrowRanges(),
        NarrowAffine(),
        FuseCasts(),
        ReduceStrength(),
        Tabulate(),
        ReduceIndices(),
        ShareTables(),
        SplitTables(),
        RemoveDeadCode(),
    )


def optimize(program: Program) -> Program:
    """Return a smaller program that gives the same bits for every input; deterministic.

    Raises:
        ProgramError: a pass broke the contract.
    """
    return PassManager(default_passes()).run(program)
