"""The table of jet designs as Markdown, and which design meets which bar."""

import datetime
import math
from collections.abc import Sequence
from pathlib import Path

import jinja2
from frontier_rows import BARS, Bar, Facts, Row

SYMBOLIC = "sr2hls"
VHDL = "boosted trees, conifer's VHDL"
_PAGE = "jet_frontier.md.j2"
_COLUMNS = (
    "design", "accuracy, test", "of the network's", "LUT", "FF", "cycles", "ns", "path, ns", "measured by",
)  # fmt: skip


def page(rows: Sequence[Row], facts: Facts, seconds: float, explored: bool) -> str:
    """Return the whole page.

    Args:
        rows: all designs.
        facts: what they share.
        seconds: how long the rows beside the exploration's took.
        explored: whether the exploration was given.
    """
    loader = jinja2.FileSystemLoader(Path(__file__).resolve().parent)
    environment = jinja2.Environment(
        loader=loader,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,
    )
    share = facts.float_accuracy
    return environment.get_template(_PAGE).render(
        facts=facts,
        rows=rows,
        seconds=seconds,
        explored=explored,
        date=datetime.date.today().isoformat(),
        error=math.sqrt(share * (1 - share) / facts.test_rows),
        table=table(rows, facts),
        bars=bars(rows, facts),
        kinds="; ".join(row.group for row in rows),
        vhdl=any(row.group == VHDL for row in rows),
    )


def table(rows: Sequence[Row], facts: Facts) -> str:
    """Return all rows, group by group in the order given, the smallest first."""
    lines = ["| " + " | ".join(_COLUMNS) + " |", "|---" * len(_COLUMNS) + "|"]
    for group in dict.fromkeys(row.group for row in rows):
        lines.append(f"| **{_cell(group)}** |" + " |" * (len(_COLUMNS) - 1))
        members = [row for row in rows if row.group == group]
        for row in sorted(members, key=lambda r: (math.inf if r.used_luts is None else r.used_luts, r.test)):
            cells = [
                _cell(f"{row.name}: {row.label}"),
                f"{row.test:.4f}",
                f"{row.test / facts.float_accuracy:.3f}",
                _luts(row),
                *(_number(v) for v in (row.ff, row.cycles, row.ns)),
                "–" if row.critical_ns is None else f"{row.critical_ns:.2f}{'' if row.mapped else '*'}",
                _cell(row.measured_by),
            ]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def bars(rows: Sequence[Row], facts: Facts) -> str:
    """Return, for each bar, which designs meet it, and whether the one that validation data choose does."""
    lines = [
        "| accuracy at least | LUT at most | cycles at most | met by | chosen on validation data |",
        "|---|---|---|---|---|",
    ]
    for bar in BARS:
        met = [row for row in rows if bar.met_by(row, facts.float_accuracy)]
        names = "; ".join(_said(row, facts) for row in sorted(met, key=lambda r: -r.test)) or "**none**"
        cells = (f"{bar.share} A = {bar.share * facts.float_accuracy:.4f}", f"{bar.lut}", f"{bar.cycles}")
        lines.append(f"| {' | '.join(cells)} | {names} | {_chosen(bar, rows, facts)} |")
    return "\n".join(lines) + "\n"


def _chosen(bar: Bar, rows: Sequence[Row], facts: Facts) -> str:
    """Say what a user would take who sees no test data: the best on validation among sr2hls' that fit."""
    anything = Bar(0.0, bar.lut, bar.cycles)
    fitting = [r for r in rows if r.group == SYMBOLIC and anything.met_by(r, facts.float_accuracy)]
    known = [r for r in fitting if r.validation is not None]
    if not known:
        return "no design of this size"
    best = max(known, key=lambda r: r.validation or 0.0)
    verdict = "met" if bar.met_by(best, facts.float_accuracy) else "**missed**"
    return f"{_said(best, facts)}: {verdict}"


def _said(row: Row, facts: Facts) -> str:
    name = row.name if row.group == SYMBOLIC else f"{row.name} ({row.group})"
    return _cell(f"{name} {row.test / facts.float_accuracy:.3f} A, {_luts(row)} LUT")


def _luts(row: Row) -> str:
    """Return LUTs with shift registers made of LUTs beside them, where there are some."""
    return f"{_number(row.lut)} + {_number(row.srl)} SRL" if row.srl else _number(row.lut)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:g}" if value < 1e5 else f"{value:.0f}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
