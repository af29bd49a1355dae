"""Degenerate designs are refused: they would compile, and compute something else than their formulas."""

from sr2hls.errors import DegenerateDesignError
from sr2hls.verify.checked_design import CheckedDesign
from sr2hls.verify.finding import Lint, Severity
from sr2hls.verify.lint import RULES, lint

_REFUSING = RULES[:7]


def degeneracies(design: CheckedDesign) -> tuple[Lint, ...]:
    """Return why a design would be refused; nothing where it is sound."""
    return tuple(f for f in lint(design, _REFUSING) if f.severity is Severity.ERROR)


def refuse_degenerate(design: CheckedDesign) -> tuple[Lint, ...]:
    """Return the warnings of the rules that refuse designs, if none does.

    Refused are constant tables and outputs, inputs that drop out, constants and table steps that became 0,
    outputs equal to each other, and results outside of the stated error bound. What the stated error of an
    output explains (an input that matters less than that, say) is a warning.

    Raises:
        DegenerateDesignError: names each formula and the remedy.
    """
    found = lint(design, _REFUSING)
    errors = [f for f in found if f.severity is Severity.ERROR]
    if errors:
        more = f" (and {len(errors) - 3} more)" if len(errors) > 3 else ""
        raise DegenerateDesignError(
            "degenerate design: " + "; ".join(f"{e.message}: {e.remedy}" for e in errors[:3]) + more
        )
    return found
