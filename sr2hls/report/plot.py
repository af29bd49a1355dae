"""The picture of an exploration: score against LUTs, and against latency."""

from collections.abc import Callable
from operator import attrgetter
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sr2hls.report.frontier import SVG_NAME, DesignFrontier, FrontierPoint
from sr2hls.report.hardware import FigureKey
from sr2hls.store.directory import Directory

_COLOURS = {
    "readable": "#cc79a7",
    "additive": "#0072b2",
    "lut-network": "#d55e00",
    "fronts": "#009e73",
    "network": "#555555",
    # Explorations of older versions have these.
    "sum": "#0072b2",
    "cascade": "#d55e00",
}


def draw(frontier: DesignFrontier, folder: Path) -> Path:
    """Write ``frontier.svg`` and return its path."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    _panel(left, frontier, attrgetter("used_luts"), "LUT, SRL with them")
    left.set_xscale("symlog", linthresh=1)  # a design of wires takes no LUT
    left.set_ylabel(f"{frontier.score} on the test split")
    _panel(right, frontier, lambda point: point.value(FigureKey.LATENCY_NS), "latency, ns")
    for axes in (left, right):
        axes.axhline(frontier.teacher_test, color="#999999", linewidth=0.8, linestyle="--")
        axes.grid(alpha=0.25)
    left.legend(fontsize="small", loc="lower right")
    with Directory.at(folder).unfinished_file(SVG_NAME) as path:
        figure.savefig(path, format="svg", metadata={"Date": None})
    return folder / SVG_NAME


def _panel(
    axes: Axes, frontier: DesignFrontier, figure: Callable[[FrontierPoint], float | None], title: str
) -> None:
    groups: dict[str, list[FrontierPoint]] = {}
    for point in frontier.points:
        kind = next((k for k in _COLOURS if point.name.startswith(k)), "design")
        groups.setdefault(kind, []).append(point)
    for kind, points in groups.items():
        known = [(v, p.test) for p in points if (v := figure(p)) is not None]
        if known:
            x, y = zip(*known, strict=True)
            marker = "s" if kind == "network" else "o"
            axes.scatter(x, y, s=28, marker=marker, color=_COLOURS.get(kind, "#cc79a7"), label=kind)
    axes.set_xlabel(title)
