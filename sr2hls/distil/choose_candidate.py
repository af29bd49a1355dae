"""One candidate from the front of a part of a network."""

from collections.abc import Callable

from sr2hls.search.front import Candidate, CandidateChoice, Front

Choose = CandidateChoice | str | Callable[[Front], Candidate]
"""A rule of `Front.select`, or a function of the user's own."""


def elbow(front: Front) -> Candidate:
    """The candidate of the highest score, -Δlog(loss)/Δcost, however much less the least loss is.

    `CandidateChoice.SCORE` looks only at losses near the least one, which is right for data. A network has
    errors of
    its own, smooth ones, that larger and larger formulas follow: the law is where the loss falls steeply.

    Raises:
        InputError: the front is empty.
    """
    if not front.candidates:
        return front.select(CandidateChoice.LOSS)
    scored = zip(front.scores(), front.candidates, strict=True)
    return max(scored, key=lambda pair: pair[0])[1]


def choose_from(front: Front, choose: Choose) -> Candidate:
    """Apply a rule.

    Raises:
        InputError: the front is empty, or there is no such rule.
    """
    return choose(front) if callable(choose) else front.select(choose)
