"""What further steps would give: the designs that a larger one, or one that is harder to read, stands for."""

from dataclasses import dataclass

from sr2hls.report.model import DesignPoint, Report


@dataclass(frozen=True, slots=True)
class FurtherStep:
    """A design and how it differs from the chosen one.

    Attributes:
        point: the design.
        score: by how much its score on the test split is higher.
        lut: LUTs more.
        nodes: nodes more; ``None`` where one of the two is not readable.
    """

    point: DesignPoint
    score: float
    lut: float
    nodes: int | None


def further_steps(report: Report) -> list[FurtherStep]:
    """Return every design that no cheaper one equals, the cheapest first, beside the chosen one."""
    chosen = next((d for d in report.designs if d.chosen), None)
    if chosen is None or chosen.lut is None or chosen.score is None:
        return []
    known = [d for d in report.designs if d.subject == "design" and d.lut and d.score is not None]
    steps: list[FurtherStep] = []
    best = {True: float("-inf"), False: float("-inf")}
    for point in sorted(known, key=lambda d: (d.lut.value if d.lut else 0.0, -(d.score or 0.0))):
        readable, score = point.nodes is not None, point.score or 0.0
        if score <= best[readable] and not point.chosen:
            continue
        best[readable] = max(score, best[readable])
        nodes = None if point.nodes is None or chosen.nodes is None else point.nodes - chosen.nodes
        lut = 0.0 if point.lut is None else point.lut.value - chosen.lut.value
        steps.append(FurtherStep(point, score - chosen.score, lut, nodes))
    return steps if len(steps) > 1 else []
