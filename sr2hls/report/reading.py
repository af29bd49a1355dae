"""What readers of formulas want to know: terms, what is lost without each, and what the circuit computes."""

from sr2hls.store.record import Record


class ExactLine(Record):
    """One value of the circuit: its formula over the inputs and the lines above, and its rounding."""

    name: str
    formula: str
    type: str | None = None
    """Type that the value is rounded to, ``None`` where it is exact."""


class TermCurve(Record):
    """A term over the range of its first input."""

    label: str
    """Where the second input stands; empty if there is none."""
    formula: tuple[float, ...]
    circuit: tuple[float, ...] = ()
    """The same as the circuit has it, rounded; empty where terms are not rounded one by one."""


class TermReading(Record):
    """One addend of an output: all that it adds up over the same inputs, or one term of its formula."""

    output: str
    formula: str
    latex: str
    features: tuple[str, ...]
    loss_rise: float
    """By how much the loss on the validation split rises where the term is replaced by its mean."""
    score_drop: float
    """By how much the score on the validation split falls."""
    x: tuple[float, ...] = ()
    """Values of the first feature that the circuit tells apart; empty for terms of more than two inputs."""
    curves: tuple[TermCurve, ...] = ()
    shares: tuple[float, ...] = ()
    """Share of the validation rows in bins of equal width over the range of ``x``."""


class Reading(Record):
    """How the formulas of a result are to be read."""

    physical: bool
    """Whether the formulas take the features in their own units: the scaler is in the constants."""
    own_constants: bool = False
    """Whether the shown constants are the circuit's own: the way to the features' units rounded nothing."""
    equal_to_the_bit: bool
    """Whether the circuit computes the exact lines with no difference."""
    agreement: float | None
    """Of the shown formulas with the circuit on the test split: equal decisions, or R² for a regression."""
    nodes: int | None
    """Operators, variables and constants of all formulas: over the features where the constants are the
    circuit's own, else over scaled inputs; ``None`` for tables."""
    digits: int | None = None
    """Most significant digits of a constant."""
    nested: int | None = None
    """Most functions inside each other."""
    cancellation: float | None = None
    """Largest root mean square of a term over that of its output."""
    reasons: tuple[str, ...] = ()
    """What speaks against calling the formulas readable."""
    loss: str = ""
    """What the loss of the terms is."""
    terms: tuple[TermReading, ...] = ()
    """The one without which the loss rises most comes first."""
    exact: tuple[ExactLine, ...] = ()
