"""The designs of an exploration as the points of a report's plot."""

from pathlib import Path

from sr2hls.report.frontier import DesignFrontier, FrontierPoint
from sr2hls.report.hardware import FigureKey
from sr2hls.report.model import DesignPoint
from sr2hls.report.store import load_report


def design_points(frontier: DesignFrontier, folder: Path, chosen: str) -> tuple[DesignPoint, ...]:
    """Return the designs and the network, each design as its own report has it.

    Args:
        frontier: the designs.
        folder: of the exploration, with a folder of each design.
        chosen: name of the design to mark.

    Raises:
        InputError: the report of a design is missing or damaged.
    """
    points = []
    for point in frontier.designs:
        own = next(d for d in load_report(folder / point.name).designs if d.chosen)
        points.append(own.model_copy(update={"chosen": point.name == chosen}))
    if frontier.network is not None:
        points.append(_network(frontier.network))
    return tuple(points)


def _network(point: FrontierPoint) -> DesignPoint:
    figures = {} if point.hardware is None else point.hardware.figures
    return DesignPoint(
        name=point.label,
        score=point.test,
        fidelity=point.fidelity,
        split="test",
        lut=figures.get(FigureKey.LUT),
        latency_ns=figures.get(FigureKey.LATENCY_NS),
        subject="network",
    )
