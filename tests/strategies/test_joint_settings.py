"""Template, start and operators of the user reach the joint search."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attrs import evolve

from sr2hls.errors import InputError
from sr2hls.options import CompileOptions
from sr2hls.prepare import Prepared, prepare
from sr2hls.progress import SilentProgress
from sr2hls.search.joint import JointOptions
from sr2hls.strategies import readable
from sr2hls.strategies.base import Context, Unkept
from sr2hls.strategies.joint_settings import users_start
from sr2hls.strategies.readable import Readable

OPERATORS = """
[operators.lorentz]
definition = "1/(1.5 + x^2)"
parameters = ["x"]
hardware = "table"
"""


@pytest.fixture(scope="module")
def prepared(small: CompileOptions) -> Prepared:
    return prepare(small, SilentProgress())


class ReachedError(Exception):
    """Ends a search as soon as its settings are known."""


def test_all_three_reach_the_search(
    prepared: Prepared, small: CompileOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own.toml").write_text(OPERATORS)
    (tmp_path / "start.txt").write_text("2*lorentz(x0)\n3*x1\n0.5 - x2\n")

    def searched(_: Any, options: JointOptions, **__: Any) -> Any:
        raise ReachedError(options)

    monkeypatch.setattr(readable, "search_problem", searched)
    options = evolve(
        small,
        template="a*f(x0) + g(x1, x2)",
        start=str(tmp_path / "start.txt"),
        operators=tmp_path / "own.toml",
    )
    with pytest.raises(ReachedError) as reached:
        next(Readable(Context(prepared, options, Unkept(), SilentProgress())).propose(prepared.problem, (9,)))
    how = reached.value.args[0]
    assert how.template.singles == (0, 1, 2) and how.template.pairs == ((1, 2),)
    assert [o.name for o in how.operators.custom] == ["lorentz"]
    raw = np.asarray(prepared.dataset.test.X[:50], dtype=np.float64)
    scaled = prepared.inputs.scaler.transform(raw)
    wanted = np.stack([2 / (1.5 + raw[:, 0] ** 2), 3 * raw[:, 1], 0.5 - raw[:, 2]], axis=1)
    assert how.start.predict(scaled) == pytest.approx(wanted)


def test_formulas_may_be_text_and_named_in_any_order(prepared: Prepared, small: CompileOptions) -> None:
    names = prepared.problem.class_names
    text = f"{names[2]} = x0*x1; {names[0]} = max(x3, 0.25); {names[1]} = 1"
    model = users_start(prepared, evolve(small, start=text))
    assert model is not None
    raw = np.asarray(prepared.dataset.test.X[:50], dtype=np.float64)
    wanted = np.stack([np.maximum(raw[:, 3], 0.25), np.ones(50), raw[:, 0] * raw[:, 1]], axis=1)
    assert model.predict(prepared.inputs.scaler.transform(raw)) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ("x0; x1", "--start has 2 formulas for 3 outputs: give one for each of 0, 1, 2"),
        ("x0; x1; mass", "mass"),
        ("nowhere/formulas.txt", "--start names 'nowhere/formulas.txt', which does not exist"),
    ],
)
def test_formulas_that_do_not_fit_are_refused(
    prepared: Prepared, small: CompileOptions, start: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        users_start(prepared, evolve(small, start=start))
