"""Reports of C/RTL cosimulation."""

from pathlib import Path

from sr2hls.errors import InputError
from sr2hls.synthesis.vendor.records import CosimReport
from sr2hls.synthesis.vendor.text import cells, integer, read_report


def read_cosim(path: Path) -> tuple[CosimReport, ...]:
    """Read a ``*_cosim.rpt``: one record for each language that was simulated.

    A language whose status is NA was not simulated and is left out.

    Raises:
        InputError: the file is missing or is no such report.
    """
    rows = [c for c in map(cells, read_report(path).splitlines()) if c and c[0] in ("VHDL", "Verilog")]
    if not rows or any(len(row) < 8 for row in rows):
        raise InputError(f"'{path}' is not a report of cosimulation: it has no row for VHDL or Verilog")
    return tuple(
        CosimReport(
            rtl=row[0],
            status=row[1],
            latency_min=integer(row[2]),
            latency_avg=integer(row[3]),
            latency_max=integer(row[4]),
            interval_min=integer(row[5]),
            interval_avg=integer(row[6]),
            interval_max=integer(row[7]),
            # Vivado HLS does not say how long the whole simulation took.
            total_cycles=integer(row[8]) if len(row) > 8 else None,
        )
        for row in rows
        if row[1] != "NA"
    )
