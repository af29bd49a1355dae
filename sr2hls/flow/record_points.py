"""Designs side by side in a report: those that one was chosen among, an exploration's, and the network."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sr2hls.baseline.beside import OriginalResult
from sr2hls.design import Design
from sr2hls.flow.readability import readable_nodes
from sr2hls.flow.record_reading import point_formulas
from sr2hls.prepare import Prepared
from sr2hls.problem import Problem
from sr2hls.program.ends import Ends
from sr2hls.program.predict import program_model
from sr2hls.report.frontier import load_frontier
from sr2hls.report.hardware import FigureKey, HardwareFigure, HardwareRow, Subject
from sr2hls.report.model import DesignPoint
from sr2hls.report.points import design_points


def other_points(explored: Path, design: Design) -> tuple[DesignPoint, ...]:
    """Return the other designs of the exploration that a design was taken from."""
    points = design_points(load_frontier(explored), explored, "")
    return tuple(p for p in points if p.subject == "design" and p.name != design.proposal.title)


def considered_points(
    prepared: Prepared, chosen: Design, considered: Sequence[Design], rows: Sequence[HardwareRow], ends: Ends
) -> list[DesignPoint]:
    """Return a point of each design: measured figures of the one built, predicted ones of the others.

    Args:
        prepared: teacher, data and problem.
        chosen: the one that was built.
        considered: all of them.
        rows: measured figures.
        ends: what stands around each.
    """
    row = next((r for r in rows if r.subject is Subject.DESIGN), None)
    problem, points = prepared.problem, []
    for design in considered:
        mine, proposal = row if design is chosen else None, design.proposal
        more: dict[str, object] = {
            "formulas": point_formulas(prepared, design),
            "nodes": readable_nodes(problem, design),
            "chosen": design is chosen,
        }
        if mine is None:
            more["lut"] = HardwareFigure.of(program_model().predict(ends.around(design.program))[0])
        point = _point(problem, proposal.title, design.predict(problem.test.inputs), mine)
        points.append(point.model_copy(update=more))
    return points


def network_points(
    problem: Problem, original: OriginalResult, rows: Sequence[HardwareRow]
) -> list[DesignPoint]:
    """Return the point of the original network, if it has one."""
    network = original[0]
    row = next((r for r in rows if r.subject is Subject.NETWORK), None)
    if network is None or row is None:
        return []
    outputs = network.network.predict(problem.test.inputs)
    return [_point(problem, row.label, outputs, row).model_copy(update={"subject": "network"})]


def _point(problem: Problem, name: str, outputs: NDArray[np.float64], row: HardwareRow | None) -> DesignPoint:
    figures = {} if row is None else row.figures
    return DesignPoint(
        name=name,
        score=problem.score(outputs, problem.test),
        fidelity=problem.fidelity(outputs, problem.test),
        split="test",
        lut=figures.get(FigureKey.LUT),
        latency_ns=figures.get(FigureKey.LATENCY_NS),
    )
