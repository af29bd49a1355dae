"""A report as Markdown."""

import re

from sr2hls.progress import duration
from sr2hls.report import format as fmt
from sr2hls.report.further_steps import further_steps
from sr2hls.report.hardware import warning
from sr2hls.report.model import Report
from sr2hls.report.readable_text import exact_text, exact_title, readability_text
from sr2hls.report.summary import cards, subtitle
from sr2hls.templates import render


def to_markdown(report: Report) -> str:
    """Return a report as Markdown (GitHub's flavour, formulas in ``$$``)."""
    titles, rows = fmt.score_table(report)
    points, efficiencies = fmt.efficiency_table(report)
    reading = report.reading
    text = render(
        "report/report.md.j2",
        filters={"md": escape, "code": code},
        report=report,
        subtitle=subtitle(report),
        cards=cards(report),
        score_titles=titles,
        score_rows=rows,
        missing_r2=fmt.missing_r2(report),
        score_name=fmt.score_name(report),
        fidelity_name=fmt.fidelity_name(report),
        points=points,
        efficiencies=efficiencies,
        figure_keys=fmt.figure_keys(report),
        figure_name=fmt.figure_name,
        number=fmt.number,
        ratio=fmt.ratio,
        told_ratios=fmt.told_ratios,
        duration=duration,
        is_published=fmt.is_published,
        mixed_tools=warning(report.hardware),
        sources=_sources(report),
        reading=reading,
        readability="" if reading is None or reading.nodes is None else readability_text(reading),
        exact_title="" if reading is None else exact_title(reading),
        exact_text="" if reading is None else exact_text(reading),
        terms=() if reading is None else reading.terms,
        steps=further_steps(report),
    )
    return re.sub(r"\n{3,}", "\n\n", text)


def escape(text: object) -> str:
    """Return text with everything escaped that Markdown, its tables or HTML would read as markup."""
    flat = " ".join(str(text).split())
    flat = flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]#|!~$])", r"\\\1", flat)


def code(text: object) -> str:
    """Return text as inline code, whatever backticks it holds."""
    flat = " ".join(str(text).split())
    longest = max((len(run) for run in re.findall("`+", flat)), default=0)
    ticks = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{ticks}{pad}{flat}{pad}{ticks}".replace("|", "\\|")


def _sources(report: Report) -> list[str]:
    figures = [f for row in report.hardware for f in row.figures.values() if f is not None]
    return list(dict.fromkeys(f.provenance for f in figures))
