"""One formula for each output, chosen together: outputs that matter more get the costlier formulas."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sr2hls.arrays import FloatArray
from sr2hls.errors import InputError
from sr2hls.search.front import Candidate, Frontier

Score = Callable[[FloatArray], float]
"""Outputs, shape (samples, outputs), to a number: the higher the better."""


@dataclass(frozen=True)
class JointChoice:
    """One candidate for each output.

    Attributes:
        candidates: one for each output.
        score: of their outputs on the data given.
        cost: their costs added up (what outputs share is counted twice).
    """

    candidates: tuple[Candidate, ...]
    score: float
    cost: float


def joint_choices(frontier: Frontier, X: FloatArray, score: Score) -> tuple[JointChoice, ...]:
    """Return choices from the cheapest to the best, each better than all cheaper ones.

    Greedy: in each step the one replacement is made that gains most score for its cost. Replacements that
    gain nothing alone are tried as well, cheapest first, so that two outputs may pay off together.

    Args:
        frontier: fronts of all outputs.
        X: inputs, shape (samples, inputs).
        score: see `Score`.

    Raises:
        InputError: a front is empty or none of its formulas is finite on the data.
    """
    fronts = [_finite(front.output, front.candidates, X) for front in frontier.fronts]
    at = [0] * len(fronts)
    outputs = np.stack([front[0][1] for front in fronts], axis=1)
    current = _choice(fronts, at, score(outputs))
    found = [current]
    while True:
        best: tuple[float, int, int] | None = None
        for k, front in enumerate(fronts):
            for j in range(at[k] + 1, len(front)):
                trial = outputs.copy()
                trial[:, k] = front[j][1]
                cost = _cost(front[j][0]) - _cost(front[at[k]][0])
                gain = (score(trial) - current.score) / max(cost, 1e-9)
                if best is None or gain > best[0]:
                    best = gain, k, j
        if best is None:
            break
        _, k, j = best
        at[k] = j
        outputs[:, k] = fronts[k][j][1]
        current = _choice(fronts, at, score(outputs))
        found.append(current)
    return _improving(found)


def _finite(
    output: str, candidates: Sequence[Candidate], X: FloatArray
) -> list[tuple[Candidate, FloatArray]]:
    rows = [(c, np.broadcast_to(c.predict(X), (len(X),))) for c in candidates]
    finite = [(c, values) for c, values in rows if np.isfinite(values).all()]
    if not finite:
        raise InputError(
            f"no formula was found for output '{output}' that is finite on all validation rows: "
            "search longer or with fewer operators"
        )
    return sorted(finite, key=lambda item: _cost(item[0]))


def _cost(candidate: Candidate) -> float:
    return candidate.complexity if candidate.cost is None else candidate.cost


def _choice(fronts: list[list[tuple[Candidate, FloatArray]]], at: list[int], score: float) -> JointChoice:
    candidates = tuple(front[j][0] for front, j in zip(fronts, at, strict=True))
    return JointChoice(candidates, score, sum(_cost(c) for c in candidates))


def _improving(choices: list[JointChoice]) -> tuple[JointChoice, ...]:
    best = -np.inf
    kept = []
    for choice in sorted(choices, key=lambda c: (c.cost, -c.score)):
        if choice.score > best:
            best = choice.score
            kept.append(choice)
    return tuple(kept)
