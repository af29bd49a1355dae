"""Rules on constants: those that quantisation turned into 0."""

from collections.abc import Iterator
from fractions import Fraction

from sr2hls.program import ops
from sr2hls.verify.checked_design import CheckedDesign
from sr2hls.verify.finding import Lint, Severity


def vanished_constants(design: CheckedDesign) -> Iterator[Lint]:
    """Find constants that are 0 in the program and another number in the formula."""
    for position, op in enumerate(design.program.ops):
        if not isinstance(op, ops.Constant) or op.raw != 0:
            continue
        meant = _number(op.origin)
        if not meant:
            continue
        yield Lint(
            rule="vanished-constant",
            severity=Severity.ERROR,
            value=f"%{position}",
            formula=op.origin,
            message=(
                f"constant {op.origin} is 0 in {op.type}, whose step is {op.type.step:g} "
                f"and whose largest value is {op.type.max:g}"
            ),
            remedy=f"give it a type that holds it, or drop the term with {op.origin} from the formula",
        )


def _number(origin: str) -> Fraction | None:
    try:
        return Fraction(origin)
    except (ValueError, ZeroDivisionError):
        return None
