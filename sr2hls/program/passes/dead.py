"""Dead code: what no output reads is left out."""

from dataclasses import dataclass

from sr2hls.program.passes.rewrite import rewrite
from sr2hls.program.program import Program


@dataclass(frozen=True, slots=True)
class RemoveDeadCode:
    """Leaves out operations that no output depends on; inputs stay."""

    name: str = "remove-dead-code"

    def apply(self, program: Program) -> Program:
        """Return the program without them."""
        # Writing a program anew keeps only what its outputs read.
        return rewrite(program, lambda rewriter, position, op: None)
