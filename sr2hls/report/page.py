"""What the HTML page and the Markdown page show alike."""

from typing import Any

from sr2hls.progress import duration
from sr2hls.report import format as fmt
from sr2hls.report.further_steps import further_steps
from sr2hls.report.hardware import warning
from sr2hls.report.model import Report
from sr2hls.report.readable_text import exact_text, exact_title, readability_text
from sr2hls.report.summary import cards, subtitle


def page_of(report: Report) -> dict[str, Any]:
    """Return the values that both templates of a report take, and the functions that write them."""
    titles, rows = fmt.score_table(report)
    points, efficiencies = fmt.efficiency_table(report)
    reading = report.reading
    return {
        "subtitle": subtitle(report),
        "cards": cards(report),
        "score_titles": titles,
        "score_rows": rows,
        "missing_r2": fmt.missing_r2(report),
        "score_name": fmt.score_name(report),
        "fidelity_name": fmt.fidelity_name(report),
        "points": points,
        "efficiencies": efficiencies,
        "figure_keys": fmt.figure_keys(report),
        "mixed_tools": warning(report.hardware),
        "readability": "" if reading is None or reading.nodes is None else readability_text(reading),
        "exact_title": "" if reading is None else exact_title(reading),
        "exact_text": "" if reading is None else exact_text(reading),
        "steps": further_steps(report),
        "figure_name": fmt.FIGURE_NAMES.__getitem__,
        "number": fmt.number,
        "ratio": fmt.ratio,
        "told_ratios": fmt.told_ratios,
        "is_published": fmt.is_published,
        "duration": duration,
    }
