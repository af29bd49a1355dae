"""Rows of figures that no tool gave: models' estimates, with the errors that they were found to have."""

from sr2hls.hls.latency import MODEL, estimate_latency
from sr2hls.hls.project import HlsProject
from sr2hls.report.hardware import HardwareRow, Subject, figures
from sr2hls.target import Target


def hls_row(project: HlsProject | None, target: Target) -> HardwareRow | None:
    """Return cycles and initiation interval of a design's HLS project by the scheduler model.

    It is another circuit than the RTL that the synthesis tools get, and so a row of its own.

    Returns:
        The row; ``None`` without a program's project, or where the model does not know the part's delays.
    """
    if project is None or project.program is None:
        return None
    found = estimate_latency(project.program, target, backend=project.backend)
    if found is None:
        return None
    return HardwareRow(
        subject=Subject.OTHER,
        label="formulas, HLS project",
        tool=MODEL,
        part=target.part,
        settings={"step": "HLS scheduling"},
        figures=figures(found.figures(target.clock_ns)),
    )
