"""How readable formulas are and which form is exact, in sentences."""

from sr2hls.report.format import number
from sr2hls.report.reading import Reading


def readability_text(reading: Reading) -> str:
    """Return nodes, digits, nesting and cancellation in one line, and what speaks against reading them."""
    parts = [
        f"{reading.nodes} nodes" + ("" if reading.own_constants else " over the scaled inputs"),
        f"constants of at most {reading.digits} digits",
        f"at most {reading.nested} functions inside each other",
        f"the largest term {number(reading.cancellation)} times its output (root mean square)",
    ]
    return ", ".join(parts) + "".join(f"; not readable: {reason}" for reason in reading.reasons)


def exact_title(reading: Reading) -> str:
    """Return what the exact lines are."""
    return (
        "Exact form: what the circuit computes, line by line" if reading.physical else "Tables, line by line"
    )


def exact_text(reading: Reading) -> str:
    """Return which form is equal to the bit."""
    equal = "These lines with these types are the circuit, equal to the bit"
    if not reading.equal_to_the_bit:
        equal = "The circuit is these lines up to its rounding and to moved entries: the checks say how far"
    shown = "; the formulas above are the same over features in their own units, with rounded constants"
    if reading.own_constants:
        shown = "; the formulas above are these lines put into each other, with the same constants"
    return equal + (shown if reading.physical else "") + "."
