"""A report as Markdown."""

import re

from sr2hls.report.model import Report
from sr2hls.report.page import page_of
from sr2hls.templates import render


def to_markdown(report: Report) -> str:
    """Return a report as Markdown (GitHub's flavour, formulas in ``$$``)."""
    text = render(
        "report/report.md.j2",
        filters={"md": escape, "code": code},
        report=report,
        sources=_sources(report),
        reading=report.reading,
        terms=() if report.reading is None else report.reading.terms,
        **page_of(report),
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
