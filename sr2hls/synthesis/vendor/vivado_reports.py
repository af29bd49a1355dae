"""Vivado's ``report_utilization`` and ``report_timing_summary``."""

import re
from pathlib import Path

from sr2hls.errors import InputError
from sr2hls.synthesis.vendor.records import TimingReport, UtilizationReport
from sr2hls.synthesis.vendor.text import cells, header, integer, number, read_report


def read_utilization(path: Path) -> UtilizationReport:
    """Read a report of ``report_utilization``.

    Raises:
        InputError: the file is missing or is no such report.
    """
    text = read_report(path)
    sites: dict[str, str] = {}
    primitives: dict[str, str] = {}
    table: dict[str, str] | None = None
    for line in text.splitlines():
        row = cells(line)
        if len(row) < 2:
            continue
        if row[1] == "Used":
            table = {"Site Type": sites, "Ref Name": primitives}.get(row[0])
        elif table is not None:
            # Sites are listed again under "Distribution": the first time is the total.
            table.setdefault(row[0].rstrip("*"), row[1])
    if not sites:
        raise InputError(f"'{path}' is not a report of report_utilization: it has no table of sites")

    def used(*names: str) -> int | None:
        return next((integer(sites[n]) for n in names if n in sites), None)

    muxes = [used(name) for name in ("F7 Muxes", "F8 Muxes", "F9 Muxes")]
    carry = used("CARRY8", "CARRY4")
    if carry is None and primitives:
        carry = integer(primitives.get("CARRY8") or primitives.get("CARRY4") or "0")
    sizes = {size: integer(primitives.get(f"LUT{size}")) for size in range(1, 7)}
    return UtilizationReport(
        version=_version(text),
        design=header(text, "Design") or "",
        part=header(text, "Device") or "",
        state=header(text, "Design State") or "",
        lut=used("CLB LUTs", "Slice LUTs"),
        lut_as_memory=used("LUT as Memory"),
        srl=used("LUT as Shift Register"),
        ff=used("CLB Registers", "Slice Registers"),
        carry=carry,
        wide_mux=sum(m for m in muxes if m is not None) if any(m is not None for m in muxes) else None,
        dsp=used("DSPs"),
        bram=number(sites.get("Block RAM Tile")),
        uram=used("URAM"),
        lut_by_size={size: n for size, n in sizes.items() if n} if primitives else None,
    )


def read_timing(path: Path) -> TimingReport:
    """Read a report of ``report_timing_summary``.

    Raises:
        InputError: the file is missing or is no such report.
    """
    text = read_report(path)
    summary = re.search(r"\| Design Timing Summary.*?WNS\(ns\).*?\n[ -]+\n([^\n]*)", text, re.DOTALL)
    if summary is None:
        raise InputError(f"'{path}' is not a report of report_timing_summary: it has no timing summary")
    columns = summary.group(1).split()
    values = [number(c) for c in columns] + [None] * 5
    clocks = re.search(r"\| Clock Summary\n.*?Frequency\(MHz\).*?\n[ -]+\n(.*?)\n\n", text, re.DOTALL)
    periods = re.findall(r"\}\s+(\d+\.\d+)\s+\d", clocks.group(1)) if clocks else []
    return TimingReport(
        version=_version(text),
        design=header(text, "Design") or "",
        worst_slack=values[0],
        total_negative_slack=values[1],
        failing_endpoints=None if values[2] is None else int(values[2]),
        worst_hold_slack=values[4],
        period=min(map(float, periods)) if periods else None,
        met="All user specified timing constraints are met." in text,
    )


def _version(text: str) -> str:
    found = re.search(r"Vivado v\.?(\S+)", header(text, "Tool Version") or "")
    return found.group(1) if found else ""
