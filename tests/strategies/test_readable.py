"""Readable designs on a small network: found, kept, the circuit to the bit, told as terms and nodes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from attrs import evolve

from sr2hls.flow.run_folder import RunFolder
from sr2hls.options import CompileOptions, StrategyName
from sr2hls.prepare import Prepared, prepare
from sr2hls.progress import SilentProgress
from sr2hls.search.joint.printing import count_nodes, shortest_form
from sr2hls.strategies import readable
from sr2hls.strategies.base import Context
from sr2hls.strategies.readable import FoundModels, Readable


class Heard(SilentProgress):
    """Keeps the notes."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)


@pytest.fixture(scope="module")
def prepared(small: CompileOptions) -> Prepared:
    return prepare(small, SilentProgress())


def context(prepared: Prepared, small: CompileOptions, folder: Path, **changes: object) -> Context:
    options = evolve(
        small, output=folder, strategies=(StrategyName.READABLE,), engine="auto", jobs=1, **changes
    )
    return Context(prepared, options, RunFolder(options), Heard())


def test_designs_of_each_size_are_their_formulas_to_the_bit_and_are_kept(
    prepared: Prepared, small: CompileOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = context(prepared, small, tmp_path / "r")
    problem, inputs = given.problem, given.problem.test.inputs
    strategy = Readable(given)
    designs = list(strategy.propose(problem, (20, 40)))
    assert [d.proposal.name for d in designs] == list(strategy.plan(problem, (20, 40)).designs)
    for design in designs:
        np.testing.assert_array_equal(design.predict(inputs), design.float_outputs(inputs))
        nodes = sum(count_nodes(shortest_form(f)) for f in design.proposal.inlined().values())
        assert design.proposal.label.endswith(f" terms, {nodes} nodes")
    small_one, large_one = (problem.score(d.predict(inputs), problem.test) for d in designs)
    assert large_one >= 0.9 * problem.teacher_score(problem.test)
    assert large_one >= small_one - 0.01

    # Nothing is searched or trained a second time.
    for design in designs:
        given.stages.keep_design(design)  # type: ignore[attr-defined]
    monkeypatch.setattr(readable, "search_problem", None)
    monkeypatch.setattr(readable, "train_quantised", None)
    again = list(strategy.propose(problem, (20, 40)))
    assert [d.program for d in again] == [d.program for d in designs]


def test_tables_move_where_the_user_lets_them(
    prepared: Prepared, small: CompileOptions, tmp_path: Path
) -> None:
    given = context(prepared, small, tmp_path / "r", tables="free")
    design = next(Readable(given).propose(given.problem, (20,)))
    assert (design.proposal.name,) == Readable(given).plan(given.problem, (20,)).designs
    assert design.proposal.name == "readable-20-free"
    moved = any("moved from its formula" in note for note in design.notes)
    assert moved == any(error.largest > 0 for error in design.errors.values())


def test_nodes_are_at_most_those_asked_for(prepared: Prepared, small: CompileOptions, tmp_path: Path) -> None:
    given = context(prepared, small, tmp_path / "r", max_nodes=20)
    next(Readable(given).propose(given.problem, (40,)))
    found = FoundModels.model_validate_json((tmp_path / "r" / "stages" / "readable.json").read_bytes())
    assert max(m.nodes for m in found.models) <= 26, "the search ends a little above"
    assert found.models[-1].model().nodes() == found.models[-1].nodes


def test_wide_inputs_have_none(prepared: Prepared, small: CompileOptions, tmp_path: Path) -> None:
    given = context(prepared, small, tmp_path / "r")
    first, *others = given.problem.types.items()
    wide = replace(given.problem, types={first[0]: replace(first[1], width=9), **dict(others)})
    assert list(Readable(given).propose(wide, (40,))) == []
    assert given.progress.notes == ["no readable designs: an input has 9 bits, more than 8"]  # type: ignore[attr-defined]
    assert Readable(given).plan(wide, (40,)).designs == ()


def test_time_ends_the_search_and_the_training(
    prepared: Prepared, small: CompileOptions, tmp_path: Path
) -> None:
    given = context(prepared, small, tmp_path / "r", time_s=1e-3)
    design = next(Readable(given).propose(given.problem, (200,)))
    assert len(design.program.ops) < 60, "only the first steps were made"
