"""The program before its passes against the one after them, as a row of the report."""

import time
from typing import TYPE_CHECKING

from sr2hls.errors import VerificationError
from sr2hls.program.interpreter import Interpreter
from sr2hls.prove.lowered import passes_lowering
from sr2hls.prove.proof import Outcome, Proof
from sr2hls.verify.agree import Agreement
from sr2hls.verify.random_programs import corner_inputs

if TYPE_CHECKING:
    from sr2hls.design import Design

PASSES = "program after passes = before"
_VECTORS = 1 << 13


def passes_row(design: "Design", limit_s: float) -> tuple[Agreement | None, Proof | None]:
    """Return the row of the passes beside the executors, and its proof; None where no pass was run.

    Args:
        design: its program, and the one before the passes.
        limit_s: seconds of wall time; 0 proves nothing.

    Raises:
        VerificationError: a pass changed what the program computes; the input is named.
    """
    before, after = design.before, design.program
    if limit_s <= 0 or before is None:
        return None, None
    started = time.monotonic()
    raw = corner_inputs(after, _VECTORS, seed=6)
    wanted, given = Interpreter(before).run(raw), Interpreter(after).run(raw)
    differ = (wanted != given).any(axis=1)
    if differ.any():
        types = zip(after.input_names, after.input_types, raw[differ][0].tolist(), strict=True)
        said = ", ".join(f"{name} = {type_.value(value):.12g}" for name, type_, value in types)
        raise VerificationError(f"the passes changed what the program computes for the input {said}")
    lowering = passes_lowering(before, after, started + limit_s)
    unproven = lowering.run()
    seconds = time.monotonic() - started
    note = f"{', '.join(unproven)}: the time is over, or no step settles it" if unproven else ""
    outcome = Outcome.OPEN if unproven else Outcome.PROVEN
    proof = Proof(PASSES, outcome, lowering.how(), seconds, note, None, _VECTORS)
    how = f"{proof.solver}, {seconds:.1f} s" if proof.proven else ""
    values = _VECTORS * after.n_outputs
    return Agreement("program before its passes", _VECTORS, values, how, "corners and random"), proof
