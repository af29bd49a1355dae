"""A report as one HTML file that needs no network."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from sr2hls.progress import duration
from sr2hls.report import format as fmt
from sr2hls.report.embed import json_block, policy, script, style
from sr2hls.report.fidelity import SplitFidelity
from sr2hls.report.further_steps import FurtherStep, further_steps
from sr2hls.report.hardware import FigureKey, HardwareFigure, warning
from sr2hls.report.mathml import mathml, terms
from sr2hls.report.model import FormulaRecord, Report
from sr2hls.report.readable_text import exact_text, exact_title, readability_text
from sr2hls.report.summary import Card, cards, subtitle
from sr2hls.report.term_picture import ShownTerm, shown_terms
from sr2hls.templates import render

_SCRIPTS = (
    "vendor/plotly-basic.min.js",
    "vendor/dagre.min.js",
    "js/common.js",
    "js/fronts.js",
    "js/fidelity.js",
    "js/graph.js",
)
_LONG_FORMULA = 900
"""Characters of LaTeX above which a formula scrolls."""


@dataclass(frozen=True, slots=True)
class Footnote:
    """Where some figures come from."""

    number: int
    origin: str
    text: str

    @property
    def mark(self) -> str:
        """Short sign of the note: m, e or p for measured, estimated or published, and its number."""
        return f"{self.origin[0]}{self.number}"


class Footnotes:
    """Numbers the sources of figures in the order in which they are met."""

    def __init__(self) -> None:
        self._notes: dict[str, Footnote] = {}

    def note(self, figure: HardwareFigure) -> Footnote:
        """Return the footnote of a figure."""
        text = figure.provenance
        if text not in self._notes:
            self._notes[text] = Footnote(len(self._notes) + 1, figure.origin.value, text)
        return self._notes[text]

    def all(self) -> list[Footnote]:
        """Return the footnotes met so far."""
        return list(self._notes.values())


@dataclass(frozen=True, slots=True)
class ShownFormula:
    """A formula as the page shows it."""

    output: str
    terms: list[Markup]
    sympy: str
    summary: str
    long: bool


@dataclass(frozen=True, slots=True)
class ShownStage:
    """A stage with its time and a bar."""

    name: str
    text: str
    width: int


@dataclass(frozen=True, slots=True)
class Page:
    """What the template needs besides the report itself."""

    style: Markup
    scripts: list[Markup]
    policy: Markup
    data: Markup
    sections: list[tuple[str, str]]
    subtitle: str
    cards: list[Card]
    formulas: list[ShownFormula]
    readability: str
    exact_title: str
    exact_text: str
    terms: list[ShownTerm]
    steps: list[FurtherStep]
    score_name: str
    fidelity_name: str
    score_titles: list[str]
    score_rows: list[tuple[str, str, int, list[float | None]]]
    missing_r2: list[str]
    shown: SplitFidelity | None
    classes: list[str]
    points: list[str]
    efficiencies: list[tuple[str, list[str | None]]]
    error_outputs: list[str]
    figure_keys: list[FigureKey]
    program_summary: str
    stages: list[ShownStage]
    command: str
    options: list[tuple[str, str]]


def to_html(report: Report) -> str:
    """Return a report as a self-contained page.

    Every text of the report is escaped, formulas become MathML of known elements, and a content security
    policy lets only the scripts embedded here run and nothing be fetched.
    """
    footnotes = Footnotes()
    return render(
        "report/report.html.j2",
        report=report,
        page=_page(report),
        note=footnotes.note,
        footnotes=footnotes.all,
        number=fmt.number,
        ratio=fmt.ratio,
        told_ratios=fmt.told_ratios,
        figure_name=fmt.figure_name,
        row_published=fmt.is_published,
        mixed_units=_mixed_units(report),
        mixed_tools=warning(report.hardware),
    )


def _page(report: Report) -> Page:
    scripts = [script(name) for name in _SCRIPTS]
    shown = fmt.shown_split(report)
    titles, rows = fmt.score_table(report)
    points, efficiencies = fmt.efficiency_table(report)
    reading = report.reading
    return Page(
        style=style(),
        scripts=scripts,
        policy=policy(scripts),
        data=_data(report),
        sections=_sections(report),
        subtitle=subtitle(report),
        cards=cards(report),
        formulas=[shown_formula(f) for f in report.formulas],
        readability="" if reading is None else readability_text(reading),
        exact_title="" if reading is None else exact_title(reading),
        exact_text="" if reading is None else exact_text(reading),
        terms=shown_terms(reading),
        steps=further_steps(report),
        score_name=fmt.score_name(report),
        fidelity_name=fmt.fidelity_name(report),
        score_titles=titles,
        score_rows=rows,
        missing_r2=fmt.missing_r2(report),
        shown=shown,
        classes=list(dict.fromkeys(c.positive for c in shown.roc)) if shown else [],
        points=points,
        efficiencies=efficiencies,
        error_outputs=list(dict.fromkeys(e.output for e in shown.errors)) if shown else [],
        figure_keys=fmt.figure_keys(report),
        program_summary=_program_summary(report),
        stages=_stages(report),
        command=shlex.join(report.run.command),
        options=[(k, fmt.plain_text(v)) for k, v in report.run.options.items()],
    )


def _mixed_units(report: Report) -> set[FigureKey]:
    """Return the figures that the rows give in different units (BRAM18 and BRAM36, say)."""
    units: dict[FigureKey, set[str]] = {}
    for row in report.hardware:
        for key, figure in row.figures.items():
            if figure is not None:
                units.setdefault(key, set()).add(figure.unit)
    return {key for key, names in units.items() if len(names) > 1}


def _data(report: Report) -> Markup:
    left_out: dict[str, Any] = {"program": {"listing"}, "run": True, "notes": True, "reading": True}
    return json_block(
        report.model_dump(mode="json", exclude=left_out) | {"score_name": fmt.score_name(report)}
    )


def _sections(report: Report) -> list[tuple[str, str]]:
    wanted: Sequence[tuple[str, str, object]] = (
        ("formulas", "Formulas", True),
        ("terms", "Terms", report.reading and report.reading.terms),
        ("designs", "Designs", report.designs),
        ("fronts", "Fronts", report.fronts),
        ("fidelity", "Fidelity", report.fidelity),
        ("hardware", "Hardware", report.hardware),
        ("circuit", "Circuit", report.program),
        ("verification", "Verification", report.verification.executors or report.verification.checks),
        ("run", "Inputs and run", True),
    )
    return [(anchor, text) for anchor, text, there in wanted if there]


def shown_formula(formula: FormulaRecord) -> ShownFormula:
    """Return a formula as a page shows it."""
    parts = []
    if formula.complexity is not None:
        parts.append(f"complexity {fmt.number(formula.complexity)}")
    if formula.loss is not None:
        parts.append(f"loss {fmt.number(formula.loss)}")
    return ShownFormula(
        output=formula.output,
        terms=[Markup(mathml(t, continues=i > 0)) for i, t in enumerate(terms(formula.latex))],
        sympy=formula.sympy,
        summary=", ".join(["as text", *parts]),
        long=len(formula.latex) > _LONG_FORMULA,
    )


def _program_summary(report: Report) -> str:
    if report.program is None:
        return ""
    counts = {k: n for k, n in report.program.counts.items() if k not in ("input", "constant")}
    inputs = report.program.counts.get("input", 0)
    parts = [f"{inputs} input{'s' * (inputs != 1)}"]
    parts += [f"{n} {k}" for k, n in sorted(counts.items(), key=lambda item: -item[1])]
    if report.program.table_entries:
        parts.append(f"{fmt.number(report.program.table_entries)} table entries in all")
    return ", ".join(parts)


def _stages(report: Report) -> list[ShownStage]:
    longest = max((s.seconds for s in report.run.stages), default=0.0) or 1.0
    return [
        ShownStage(s.name, duration(s.seconds), round(140 * s.seconds / longest)) for s in report.run.stages
    ]
