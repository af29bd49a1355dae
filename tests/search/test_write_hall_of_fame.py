"""Halls of fame that are written are read back exactly."""

import math
from pathlib import Path

import pytest
import sympy

from sr2hls.costs import Operators, node_count
from sr2hls.search import Candidate, Front, Frontier, read_hall_of_fame
from sr2hls.search.write_hall_of_fame import write_hall_of_fame

X0, X1 = sympy.symbols("x0 x1")
FORMULAS = [X0 * 0.1, sympy.sin(X0) + sympy.Float(1 / 3) * X1**2, sympy.Piecewise((X0, X0 < X1), (2, True))]


def frontier(outputs: int, names: tuple[str, str]) -> Frontier:
    candidates = tuple(
        Candidate(f, 10.0**-k if k else math.nan, None, None, 3 + k, "test") for k, f in enumerate(FORMULAS)
    )
    return Frontier(tuple(Front(f"y{k}", candidates) for k in range(outputs)), names)


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("names", [("pt", "eta"), ("E", "x0"), ("pt / GeV", "eta")])
def test_round_trip(tmp_path: Path, outputs: int, names: tuple[str, str]) -> None:
    files = write_hall_of_fame(frontier(outputs, names), tmp_path)
    assert len(files) == outputs
    read = names if " " not in names[0] else ("x0", "x1")
    back = read_hall_of_fame(tmp_path, cost=node_count(Operators()), input_names=read)
    assert len(back) == outputs
    for front in back.fronts:
        assert [c.expr for c in front.candidates] == FORMULAS
        assert [c.complexity for c in front.candidates] == [3, 4, 5]
        assert math.isnan(front.candidates[0].loss) and front.candidates[1].loss == 0.1
