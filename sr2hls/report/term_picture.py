"""The picture of a term: its value over the range of its first feature, and how the data are distributed."""

from dataclasses import dataclass

from markupsafe import Markup

from sr2hls.report.format import number
from sr2hls.report.mathml import mathml
from sr2hls.report.reading import Reading, TermReading

WIDTH, HEIGHT, BARS = 240.0, 120.0, 26.0
"""Size of the plot, and of the distribution at its foot, in units of the picture."""
_LABELS = (0, 150, 200)


@dataclass(frozen=True, slots=True)
class Line:
    """A curve as the picture draws it; the first one's label names the second feature."""

    label: str
    label_at: int
    formula: str
    circuit: str


@dataclass(frozen=True, slots=True)
class ShownTerm:
    """A term as pages show it; where it has no picture, ``lines`` is empty."""

    term: TermReading
    math: Markup
    low: str
    high: str
    least: str
    most: str
    lines: list[Line]
    bars: str
    circuit_is_drawn: bool


def shown_terms(reading: Reading | None) -> list[ShownTerm]:
    """Return the terms as pages show them, the one without which the loss rises most first."""
    return [] if reading is None else [_shown(t) for t in reading.terms]


def _shown(term: TermReading) -> ShownTerm:
    values = [v for c in term.curves for v in (*c.formula, *c.circuit)]
    least, most = min(values, default=0.0), max(values, default=0.0)
    span = (most - least) or 1.0
    lines = [
        Line(
            c.label if k == 0 else c.label.rpartition("= ")[2],
            _LABELS[k % len(_LABELS)],
            _points(c.formula, least, span),
            _points(_staircase(c.circuit), least, span, 2),
        )
        for k, c in enumerate(term.curves)
    ]
    return ShownTerm(
        term=term,
        math=Markup(mathml(term.latex)),
        low=number(term.x[0]) if term.x else "",
        high=number(term.x[-1]) if term.x else "",
        least=number(least),
        most=number(most),
        lines=lines,
        bars=_bars(term.shares),
        circuit_is_drawn=any(c.circuit for c in term.curves),
    )


def _points(values: tuple[float, ...], least: float, span: float, per_place: int = 1) -> str:
    """Return the points of a polyline; places have the same distance."""
    last = max(1, len(values) // per_place - 1)
    points = []
    for k, value in enumerate(values):
        place, half = divmod(k, per_place)
        at = min(max((place + (half - 0.5 if per_place > 1 else 0.0)) / last, 0.0), 1.0)
        points.append(f"{WIDTH * at:.1f},{HEIGHT * (1 - (value - least) / span):.1f}")
    return " ".join(points)


def _staircase(values: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(v for value in values for v in (value, value))


def _bars(shares: tuple[float, ...]) -> str:
    """Return the outline of a histogram as an SVG path."""
    if not shares or not max(shares):
        return ""
    step, foot = WIDTH / len(shares), HEIGHT + BARS
    tops = [foot - BARS * share / max(shares) for share in shares]
    outline = " ".join(f"V{top:.1f} H{step * (k + 1):.1f}" for k, top in enumerate(tops))
    return f"M0 {foot:.1f} {outline} V{foot:.1f} Z"
