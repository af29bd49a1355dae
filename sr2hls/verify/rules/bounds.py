"""The rule on stated error bounds."""

from collections.abc import Iterator

import numpy as np

from sr2hls.verify.checked_design import CheckedDesign, rms
from sr2hls.verify.finding import Lint, Severity


def outside_bounds(design: CheckedDesign) -> Iterator[Lint]:
    """Find outputs that differ from their formula by more than the design states."""
    for name, bound in design.bounds.items():
        if name not in design.formulas:
            continue
        difference = design.program_values(name) - design.formula_values(name)
        found = rms(difference), float(np.max(np.abs(difference[np.isfinite(difference)]), initial=0.0))
        for what, value, stated in (("rms", found[0], bound.rms), ("largest", found[1], bound.largest)):
            if value <= stated * (1 + 1e-9):
                continue
            yield Lint(
                rule="outside-bound",
                severity=Severity.ERROR,
                value=name,
                formula=str(design.formulas[name]),
                message=(
                    f"output '{name}' = {design.formulas[name]} has a {what} error of {value:.4g} "
                    f"on {len(difference)} samples, more than the {stated:.4g} stated"
                ),
                remedy="give it more bits, state the error that it has, or check that inputs hold the data",
            )
            break
