"""The terms of a finished result, from its report alone."""

from collections.abc import Sequence
from pathlib import Path

from sr2hls.errors import InputError
from sr2hls.report.format import number, score_name
from sr2hls.report.markdown import code, escape
from sr2hls.report.model import Report
from sr2hls.report.reading import TermReading

TITLES = ("output", "term", "loss without it", "{score} without it", "features")


def terms_of(report: Report, folder: Path) -> tuple[TermReading, ...]:
    """Return the terms of a result, the one without which the loss rises most first.

    Raises:
        InputError: its design has none.
    """
    reading = report.reading
    if reading is None:
        raise InputError(
            f"the result in '{folder}' does not tell the loss without each term: give one of "
            "'sr2hls compile' or a design of 'sr2hls explore', made by this version"
        )
    if not reading.terms:
        raise InputError(
            f"the design in '{folder}' is made of tables, which have no terms: compile again with "
            "--strategy readable"
        )
    return reading.terms


def titles(report: Report) -> list[str]:
    """Return the titles of the table of terms."""
    return [title.format(score=score_name(report)) for title in TITLES]


def cells(term: TermReading) -> list[str]:
    """Return a term's row of the table."""
    losses = [f"{term.loss_rise:+.4f}", f"{-term.score_drop:+.4f}"]
    return [term.output, term.formula, *losses, ", ".join(term.features)]


def explain_markdown(report: Report, terms: Sequence[TermReading]) -> str:
    """Return formulas and terms as Markdown."""
    loss = "" if report.reading is None else report.reading.loss
    lines = [f"# {escape(report.title)}", ""]
    lines += [f"- {escape(f.output)} = {code(f.sympy)}" for f in report.formulas]
    lines += ["", f"Loss on the validation split: {escape(loss)}.", ""]
    lines += ["| " + " | ".join(titles(report)) + " |", "|---|---|---:|---:|---|"]
    for term in terms:
        output, formula, rise, drop, features = cells(term)
        lines.append(f"| {escape(output)} | {code(formula)} | {rise} | {drop} | {escape(features)} |")
    return "\n".join(lines) + "\n"


def summary(report: Report) -> str:
    """Return one sentence on how readable the formulas are."""
    reading = report.reading
    if reading is None or reading.nodes is None:
        return ""
    equal = "equal to the bit" if reading.equal_to_the_bit else "equal up to rounding"
    return (
        f"{len(report.formulas)} formulas of {number(reading.nodes)} nodes; their exact form in the report "
        f"and the circuit are {equal}."
    )
