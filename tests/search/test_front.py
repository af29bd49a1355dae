"""Fronts: Pareto, merging, choosing, JSON."""

import json
import math
from pathlib import Path

import pytest
import sympy

from sr2hls.costs import additive_cycles, describe, longest_path, published_cycles
from sr2hls.errors import InputError
from sr2hls.search import Candidate, Front, Frontier

COST = additive_cycles(published_cycles())
X0, X1 = sympy.symbols("x0 x1")


def candidate(
    cost: float, loss: float, latency: float | None = None, complexity: float | None = None
) -> Candidate:
    return Candidate(X0 * cost, loss, cost, latency, cost if complexity is None else complexity, "test")


def frontier(*candidates: Candidate, names: tuple[str, ...] = ("mass", "d2")) -> Frontier:
    return Frontier((Front("y", candidates),), names, describe(COST))


def test_pareto_drops_what_another_beats() -> None:
    front = Front("y", (candidate(5, 1.0), candidate(1, 2.0), candidate(6, 1.0), candidate(3, 2.5))).pareto()
    assert [(c.cost, c.loss) for c in front.candidates] == [(1, 2.0), (5, 1.0)]


def test_pareto_with_latency_keeps_the_slower_but_cheaper() -> None:
    front = Front("y", (candidate(5, 1.0, 9), candidate(7, 1.0, 3), candidate(8, 1.0, 4))).pareto()
    assert [(c.cost, c.latency) for c in front.candidates] == [(5, 9), (7, 3)]


def test_losses_below_rounding_are_equal() -> None:
    front = Front("y", (candidate(5, 1e-30), candidate(9, 1e-33)), loss_floor=1e-28).pareto()
    assert len(front) == 1


def test_infinite_and_nan_losses_are_not_on_the_front() -> None:
    front = Front("y", (candidate(1, math.inf), candidate(2, math.nan), candidate(3, 1.0))).pareto()
    assert [c.cost for c in front.candidates] == [3]


def test_one_unknown_cost_makes_the_whole_front_count_complexity() -> None:
    unknown = Candidate(X0, 1.0, None, None, 2, "test")
    front = Front("y", (candidate(50, 0.5, complexity=7), unknown)).pareto()
    assert [c.complexity for c in front.candidates] == [2, 7]


def test_scores_are_pysrs() -> None:
    front = Front("y", (candidate(1, 1.0), candidate(3, 0.1), candidate(4, 0.09), candidate(9, 0.001)))
    assert front.scores()[0] == 0.0
    assert front.scores()[1] == pytest.approx(math.log(10) / 2)
    assert front.scores()[3] == pytest.approx(math.log(90) / 5)


def test_choices() -> None:
    front = Front("y", (candidate(1, 1.0), candidate(3, 0.0012), candidate(4, 0.0011), candidate(9, 0.001)))
    assert front.select("score").cost == 3
    assert front.select("loss").cost == 9
    assert front.select("complexity", 5).cost == 4
    assert front.select("index", -1).cost == 9
    assert front.select("index", 0).cost == 1


def test_evidence_takes_the_law_and_not_the_noise() -> None:
    expr = sympy.Float(2.5) * X0
    wiggly = sum((sympy.Float(1 + k / 7) * X0**k for k in range(1, 6)), sympy.Float(1.1))
    law = Candidate(expr, 0.010, 3, None, 3, "test")
    noise = Candidate(wiggly, 0.009, 20, None, 20, "test")
    front = Front("y", (law, noise), rows=30)
    assert front.select("evidence") is law
    assert front.select("loss") is noise
    assert Front("y", (law, noise), rows=6).description_length(noise) == math.inf, "as many constants as rows"


@pytest.mark.parametrize(
    ("by", "value", "message"),
    [
        ("best", None, "candidate choice is 'best': give one of score, loss"),
        ("index", None, "choosing by index needs a number"),
        ("index", 2, "index 2 is outside of the front of 2 candidates"),
        ("index", 0.5, "index 0.5 is outside"),
        ("complexity", 0, "no candidate of complexity 0 or less: the least is 1"),
    ],
)
def test_impossible_choices(by: str, value: float | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Front("y", (candidate(1, 1.0), candidate(3, 0.1))).select(by, value)


def test_empty_front() -> None:
    with pytest.raises(InputError, match="the front of output 'y' is empty"):
        Front("y", ()).select()


def test_merge() -> None:
    merged = frontier(candidate(1, 2.0), candidate(5, 0.5)).merge(
        frontier(candidate(4, 0.5), candidate(9, 0.1))
    )
    assert [c.cost for c in merged[0].candidates] == [1, 4, 9]
    with pytest.raises(InputError, match="different inputs or outputs"):
        merged.merge(frontier(candidate(1, 1.0), names=("mass", "other")))
    other = Frontier(merged.fronts, merged.input_names, describe(longest_path(published_cycles())))
    with pytest.raises(InputError, match=r"additive cycles and longest path.*score both with one cost model"):
        merged.merge(other)


def test_json_round_trip(tmp_path: Path) -> None:
    expr = sympy.Float(0.1) * X0 / (sympy.Float(1 / 3) + sympy.exp(-X1)) + sympy.pi
    unknown = Candidate(X1, math.nan, None, None, 1, "formula", {"row": 3})
    before = Frontier(
        (Front("y", (Candidate(expr, 1e-9, 7.5, 3, 9, "test"), unknown), 1e-28, 50),), ("a", "b")
    )
    before.save(tmp_path / "front.json")
    text = (tmp_path / "front.json").read_text()
    assert "NaN" not in text, "NaN is no JSON"
    after = Frontier.load(tmp_path / "front.json")
    assert after.fronts[0].candidates[0] == before.fronts[0].candidates[0]
    assert math.isnan(after[0].candidates[1].loss)
    assert (after[0].loss_floor, after[0].rows, after.input_names) == (1e-28, 50, ("a", "b"))
    assert [p.name for p in tmp_path.iterdir()] == ["front.json"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "cannot read what a search found"),
        ("{}", "no result of a search"),
        ("[]", "no result of a search"),
        ("[" * 100_000, "cannot read what a search found"),
        (json.dumps({"schema": "sr2hls.search/1", "fronts": 3}), "no result of a search: input_names: "),
        (
            json.dumps(
                {"schema": "sr2hls.search/1", "fronts": [], "input_names": [], "cost_model": 1, "notes": []}
            ),
            "no result of a search: cost_model: input should be a valid dictionary",
        ),
        (json.dumps({"schema": "sr2hls.frontier/1"}), "a search of an older version wrote it: search again"),
        (json.dumps({"schema": "sr2hls.search/9"}), "schema 'sr2hls.search/9' is unknown"),
    ],
)
def test_damaged_files(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "front.json"
    file.write_text(content)
    with pytest.raises(InputError, match=message):
        Frontier.load(file)


def test_names_of_the_user() -> None:
    assert str(candidate(2, 1.0).display(("multiplicity", "d2"))) == "2*multiplicity"
