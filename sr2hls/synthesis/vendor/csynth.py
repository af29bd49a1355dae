"""Reports of C synthesis, as XML and as text, from Vivado HLS 2018 to Vitis 2024."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TypeVar

from sr2hls.errors import InputError
from sr2hls.synthesis.vendor.records import CsynthReport, Resources
from sr2hls.synthesis.vendor.text import cells, header, integer, number, read_report

_T = TypeVar("_T")

_COLUMNS = {"LUT": "lut", "FF": "ff", "DSP": "dsp", "DSP48E": "dsp", "BRAM_18K": "bram_18k", "URAM": "uram"}
"""Vivado HLS says DSP48E where Vitis HLS says DSP."""


def read_csynth(path: Path) -> CsynthReport:
    """Read a ``*_csynth.xml`` or ``*_csynth.rpt``.

    Raises:
        InputError: the file is missing or is no such report.
    """
    text = read_report(path)
    try:
        return _from_xml(text) if path.suffix == ".xml" else _from_text(text)
    except (ET.ParseError, ValueError, TypeError) as error:
        raise InputError(f"'{path}' is not a report of C synthesis: {error}") from error


def _from_xml(text: str) -> CsynthReport:
    if "<!ENTITY" in text:
        raise ValueError("it declares entities, which these reports never do")
    root = ET.fromstring(text)

    def said(path: str) -> str | None:
        return root.findtext(path)

    latency = "PerformanceEstimates/SummaryOfOverallLatency/"
    return CsynthReport(
        tool=None,
        version=_needed(said("ReportVersion/Version"), "ReportVersion"),
        top=_needed(said("UserAssignments/TopModelName"), "TopModelName"),
        part=_needed(said("UserAssignments/Part"), "Part"),
        family=said("UserAssignments/ProductFamily"),
        target_clock_ns=_needed(number(said("UserAssignments/TargetClockPeriod")), "TargetClockPeriod"),
        clock_uncertainty_ns=number(said("UserAssignments/ClockUncertainty")),
        estimated_clock_ns=number(said("PerformanceEstimates/SummaryOfTimingAnalysis/EstimatedClockPeriod")),
        latency_min=integer(said(latency + "Best-caseLatency")),
        latency_avg=integer(said(latency + "Average-caseLatency")),
        latency_max=integer(said(latency + "Worst-caseLatency")),
        interval_min=integer(said(latency + "Interval-min")),
        interval_max=integer(said(latency + "Interval-max")),
        pipeline=said("PerformanceEstimates/PipelineType"),
        used=_resources_of(root.find("AreaEstimates/Resources")),
        available=_resources_of(root.find("AreaEstimates/AvailableResources")),
    )


def _resources_of(node: ET.Element | None) -> Resources:
    found = {} if node is None else {_COLUMNS[c.tag]: integer(c.text) for c in node if c.tag in _COLUMNS}
    return Resources(**found)


def _from_text(text: str) -> CsynthReport:
    title = re.search(r"== (Vivado HLS|Vitis HLS) Report for '(.*)'", text)
    if title is None:
        raise ValueError("it has no title 'HLS Report for'")
    clock = _row_below(text, "+ Timing", r"\|ap_clk ")
    latency = _row_below(text, "+ Latency", r"\|\s*[\d?]")
    used, available = _utilization(text)
    return CsynthReport(
        tool=title.group(1),
        version=_needed(header(text, "Version"), "Version").split(" ")[0],
        top=title.group(2),
        part=_needed(header(text, "Target device"), "Target device"),
        family=header(text, "Product family"),
        target_clock_ns=_needed(number(clock[1]), "target clock"),
        estimated_clock_ns=number(clock[2]),
        clock_uncertainty_ns=number(clock[3]),
        latency_min=integer(latency[0]),
        latency_avg=None,
        latency_max=integer(latency[1]),
        interval_min=integer(latency[4]),
        interval_max=integer(latency[5]),
        pipeline=latency[6] or None,
        used=used,
        available=available,
    )


def _row_below(text: str, section: str, pattern: str) -> list[str]:
    """Return the cells of the first line of a section that begins with a pattern."""
    start = text.find(section)
    found = re.compile(rf"^\s*({pattern}.*)$", re.MULTILINE).search(text, max(start, 0))
    if start < 0 or found is None:
        raise ValueError(f"it has no table '{section.lstrip('+ ')}'")
    return cells(found.group(1))


def _utilization(text: str) -> tuple[Resources, Resources]:
    start = text.find("== Utilization Estimates")
    names: list[str] = []
    rows: dict[str, list[str]] = {}
    for line in text[max(start, 0) :].splitlines():
        row = cells(line)
        if row and row[0] == "Name" and not names:
            names = row
        elif row and names and row[0] not in rows:
            rows[row[0]] = row
        if line.startswith("+ Detail"):
            break
    if start < 0 or "Total" not in rows:
        raise ValueError("it has no table 'Utilization Estimates'")

    def resources(row: list[str]) -> Resources:
        found = {_COLUMNS[n]: integer(c) for n, c in zip(names, row, strict=False) if n in _COLUMNS}
        return Resources(**found)

    return resources(rows["Total"]), resources(rows.get("Available", []))


def _needed(value: _T | None, what: str) -> _T:
    if value is None:
        raise ValueError(f"it does not say '{what}'")
    return value
