"""What a proof attempt ends with."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from sr2hls.rtl.ports import Port


class Outcome(StrEnum):
    """How a claim stands."""

    PROVEN = "proven"
    """It holds for every input."""
    REFUTED = "refuted"
    """There is an input for which it does not hold."""
    OPEN = "open"
    """It was not settled; what is known is what was tested."""


@dataclass(frozen=True, eq=False)
class Counterexample:
    """Inputs for which two sides differ.

    Attributes:
        rows: raw inputs of cycles in a row, shape (cycles, inputs); one row in a pipeline of one length.
        at: the row whose output differs.
    """

    rows: NDArray[np.int64]
    at: int = 0

    def describe(self, ports: tuple[Port, ...]) -> str:
        """Return the inputs as numbers in the units of the features."""
        values = zip(ports, self.rows[self.at].tolist(), strict=True)
        text = ", ".join(f"{port.source} = {port.type.value(raw):.12g}" for port, raw in values)
        return text if len(self.rows) == 1 else f"{text} between the rows of other cycles"


@dataclass(frozen=True, slots=True)
class Proof:
    """A claim and how it stands.

    Attributes:
        claim: e.g. ``Verilog = program``.
        outcome: see `Outcome`.
        solver: what settled it, with its version.
        seconds: wall time.
        note: one sentence where it is open.
        counterexample: where it is refuted.
        vectors: inputs that both sides were simulated on without a difference.
    """

    claim: str
    outcome: Outcome
    solver: str
    seconds: float
    note: str = ""
    counterexample: Counterexample | None = None
    vectors: int = 0

    @property
    def proven(self) -> bool:
        """Whether the claim holds for every input."""
        return self.outcome is Outcome.PROVEN

    def record(self) -> dict[str, str | float]:
        """Return what ``--json`` prints."""
        return {
            "claim": self.claim,
            "outcome": self.outcome.value,
            "solver": self.solver,
            "seconds": round(self.seconds, 2),
            "note": self.note,
        }
