"""The sum of two pictures of digits, on a short run."""

import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "examples" / "eql_arithmetic"


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch):
    """The modules of the example, which see the files beside them."""
    names = ("data", "model", "run")
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(str(FOLDER))
    import data
    import run

    yield data, run
    for name in names:
        sys.modules.pop(name, None)


def test_pairs_are_of_their_kind(example) -> None:
    data, _ = example
    source, test = data.pictures(1300, 0)
    assert len(source.digits) == 1300 and len(test.digits) == 497
    random = np.random.default_rng(0)
    for kind in ("seen", "new pairs", "new sums"):
        some = data.pairs(source, 500, kind, random)
        assert len(some.total) == 500
        digits = source.digits[some.first], source.digits[some.second]
        assert bool((digits[0] + digits[1] == some.total).all())
        held_out = [p in data.HELD_OUT_PAIRS for p in zip(*(d.tolist() for d in digits), strict=True)]
        assert bool((some.total >= 15).all() if kind == "new sums" else (some.total < 15).all())
        assert all(held_out) if kind == "new pairs" else not any(held_out)


def test_short_run_goes_the_whole_road(example, tmp_path: Path) -> None:
    _, run = example
    arguments = "--steps 20 --train 200 --pairs 300 --refit 2 --out"
    learner, control = run.main([*arguments.split(), str(tmp_path)])
    assert learner.head == "EQL" and learner.formula and control.linear is None
    assert set(learner.accuracy) == set(control.error) == set(run.KINDS)
    assert (tmp_path / "sums.png").stat().st_size > 5000 and (tmp_path / "results.json").exists()


@pytest.mark.slow
def test_sum_is_linear_and_extrapolates(example, tmp_path: Path) -> None:
    _, run = example
    learner, control = run.main(["--out", str(tmp_path)])
    assert learner.linear, learner.formula
    assert learner.accuracy["seen"] > 0.5
    assert learner.error["new sums"] < 1.0 and learner.error["new sums"] < control.error["new sums"]
