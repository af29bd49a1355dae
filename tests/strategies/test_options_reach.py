"""Engine and time that a user asks for reach every strategy that searches formulas."""

from typing import Any

import pytest
import sympy as sp
from attrs import evolve

from sr2hls.flow.run_folder import RunFolder
from sr2hls.options import CompileOptions, Cost, EngineName
from sr2hls.prepare import prepare
from sr2hls.progress import SilentProgress
from sr2hls.search.joint import JointOptions
from sr2hls.search.operon import OperonEngine
from sr2hls.search.shape_formulas import ShapeFormulaOptions
from sr2hls.strategies import additive, fronts, readable
from sr2hls.strategies.additive import Additive
from sr2hls.strategies.base import Context, Unkept
from sr2hls.strategies.fronts import Fronts
from sr2hls.strategies.lut_network import LutNetworks
from sr2hls.strategies.readable import Readable


class ReachedError(Exception):
    """Ends a search as soon as its settings are known."""


@pytest.fixture
def context(small: CompileOptions, tmp_path: Any) -> Context:
    options = evolve(small, output=tmp_path / "r", engine=EngineName.EQL, time_s=6.0, jobs=2)
    return Context(prepare(options, SilentProgress()), options, RunFolder(options), SilentProgress())


def test_the_fronts(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    class Recorded(OperonEngine):
        def search(self, *_: Any, time_limit: float | None = None, **__: Any) -> Any:
            raise ReachedError(time_limit)

    asked: list[str] = []

    def choose(name: str, **_: Any) -> tuple[OperonEngine, str]:
        asked.append(name)
        return Recorded(), "recorded"

    monkeypatch.setattr(fronts, "choose_engine", choose)
    with pytest.raises(ReachedError, match=r"^6\.0$"):
        next(Fronts(context).propose(context.problem, (50,)))
    assert asked == ["eql"]


def test_the_functions_of_the_additive_model(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[ShapeFormulaOptions] = []

    def searched(model: Any, *_: Any, options: ShapeFormulaOptions, **__: Any) -> Any:
        found.append(options)
        raise ReachedError(model.n_functions)

    monkeypatch.setattr(additive, "shape_formulas", searched)
    with pytest.raises(ReachedError) as reached:
        next(Additive(context).propose(context.problem, (30,)))
    assert found[0].engine.name == "eql"
    functions = reached.value.args[0]
    assert found[0].time_s == pytest.approx(6.0 * 2 / functions), "all functions share the time"


def test_the_joint_search(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[JointOptions] = []

    def searched(_: Any, options: JointOptions, **__: Any) -> Any:
        found.append(options)
        raise ReachedError

    monkeypatch.setattr(readable, "search_problem", searched)
    changes = ({}, {"engine": EngineName.AUTO, "cost": Cost.CYCLES, "max_nodes": 33})
    for change in changes:
        options = evolve(context.options, **change)
        with pytest.raises(ReachedError):
            next(
                Readable(Context(context.prepared, options, Unkept(), SilentProgress())).propose(
                    context.problem, (30,)
                )
            )
    asked, cycles = found
    assert [p.name for p in asked.proposers] == ["eql"] and asked.time_limit == 6.0 and asked.jobs == 2
    assert asked.hardware is None and cycles.proposers == () and cycles.max_nodes == 33
    assert cycles.hardware is not None and cycles.hardware.cost(sp.Symbol("x0") ** 2) == 2


def test_the_growth_of_lut_networks(context: Context) -> None:
    hurried = Context(
        context.prepared, evolve(context.options, time_s=1e-6), context.stages, context.progress
    )
    design = next(LutNetworks(hurried).propose(hurried.problem, (60,)))
    small = design.program.n_outputs * 8
    assert len(design.program.ops) < 10 * small, "growth ends with the first step"
