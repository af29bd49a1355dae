"""The folder of a result."""

import json
from pathlib import Path

import pytest
from attrs import evolve

from sr2hls.errors import InputError
from sr2hls.flow.run_folder import MARKER, RunFolder, options_key
from sr2hls.options import CompileOptions
from sr2hls.store.lock import LOCK_NAME
from sr2hls.store.record import Record


class Answer(Record):
    answer: int


@pytest.fixture
def options(tmp_path: Path) -> CompileOptions:
    (tmp_path / "net.onnx").write_bytes(b"net")
    (tmp_path / "data.npz").write_bytes(b"data")
    return CompileOptions(
        checkpoint=tmp_path / "net.onnx", data=tmp_path / "data.npz", output=tmp_path / "result"
    )


def test_a_finished_stage_is_computed_once(options: CompileOptions) -> None:
    calls = []

    def compute() -> Answer:
        calls.append(1)
        return Answer(answer=42)

    assert RunFolder(options).stage("search", Answer, compute) == Answer(answer=42)
    assert RunFolder(options).stage("search", Answer, compute) == Answer(answer=42)
    assert len(calls) == 1


def test_a_stage_of_another_kind_is_refused(options: CompileOptions) -> None:
    class Other(Record):
        answer: str

    run = RunFolder(options)
    run.stage("search", Answer, lambda: Answer(answer=1))
    with pytest.raises(InputError, match=r"search\.json' is damaged: it is no Other; remove it"):
        run.stage("search", Other, lambda: Other(answer=""))


def test_overwrite_starts_afresh(options: CompileOptions) -> None:
    RunFolder(options).stage("search", Answer, lambda: Answer(answer=1))
    again = RunFolder(evolve(options, overwrite=True))
    assert again.stage("search", Answer, lambda: Answer(answer=2)) == Answer(answer=2)


def test_other_contents_of_the_same_file_are_other_data(options: CompileOptions) -> None:
    RunFolder(options).stage("search", Answer, lambda: Answer(answer=1))
    options.data.write_bytes(b"other data")
    with pytest.raises(InputError, match="holds the result of other options or data: give another folder"):
        RunFolder(options)
    RunFolder(evolve(options, overwrite=True))


def test_where_and_how_fast_it_runs_is_no_part_of_the_key(options: CompileOptions) -> None:
    assert options_key(options) == options_key(evolve(options, output=Path("elsewhere"), jobs=7))
    assert options_key(options) != options_key(evolve(options, seed=1))


def test_a_stage_that_fails_leaves_nothing(options: CompileOptions) -> None:
    run = RunFolder(options)

    def fail() -> Answer:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.stage("search", Answer, fail)
    assert not list((run.path / "stages").iterdir())


def test_damage_is_named(options: CompileOptions) -> None:
    run = RunFolder(options)
    (run.path / "stages" / "search.json").write_text("[1, 2")
    with pytest.raises(InputError, match=r"search\.json' is damaged: .* remove it and run again"):
        run.stage("search", Answer, lambda: Answer(answer=1))


def test_a_file_in_its_place_is_refused(options: CompileOptions) -> None:
    options.output.write_text("mine")
    with pytest.raises(InputError, match="is a file: give a folder"):
        RunFolder(options)
    assert options.output.read_text() == "mine"


def test_a_missing_file_is_named(options: CompileOptions) -> None:
    options.data.unlink()
    with pytest.raises(InputError, match=r"data\.npz' cannot be read: No such file"):
        RunFolder(options)


def test_killed_before_the_marker_was_whole(options: CompileOptions) -> None:
    options.output.mkdir()
    (options.output / ".sr2hls.json.a1b2c3d4").write_text('{"format": "sr2')
    RunFolder(options)
    assert sorted(p.name for p in options.output.iterdir()) == [LOCK_NAME, "designs", "sr2hls.json", "stages"]


def test_what_a_killed_run_was_writing_is_removed_and_nothing_else(options: CompileOptions) -> None:
    with RunFolder(options) as run:
        pass
    (run.path / ".report.json.abcdef12").write_text("{")
    (run.path / ".rtl.abcdef12").mkdir()
    (run.path / "stages" / ".search0.json.abcdef12").write_text("{")
    (run.path / ".git").mkdir()
    (run.path / ".notes.txt").write_text("mine")
    RunFolder(options)
    found = sorted(p.name for p in run.path.iterdir())
    assert found == [".git", ".notes.txt", LOCK_NAME, "designs", "sr2hls.json", "stages"]
    assert list((run.path / "stages").iterdir()) == []


def test_overwriting_takes_the_old_report_away_first(options: CompileOptions) -> None:
    with RunFolder(options) as run:
        pass
    (run.path / "report.json").write_text("{}")
    RunFolder(evolve(options, seed=1, overwrite=True))
    assert not (run.path / "report.json").exists()


def test_overwriting_takes_the_designs_of_an_exploration_away_first(options: CompileOptions) -> None:
    with RunFolder(options) as run:
        run.stage("search", Answer, lambda: Answer(answer=1))
    (run.path / "sum50").mkdir()
    for name in ("frontier.json", "sum50/report.json", "sum50/.report.html.abcdef12"):
        (run.path / name).write_text("{}")
    RunFolder(evolve(options, seed=1, overwrite=True))
    assert [p.name for p in (run.path / "sum50").iterdir()] == []
    assert not (run.path / "frontier.json").exists()


@pytest.mark.parametrize("same_options", [False, True])
def test_the_result_of_an_older_version_is_refused(options: CompileOptions, same_options: bool) -> None:
    with RunFolder(options) as run:
        run.stage("search", Answer, lambda: Answer(answer=1))
    key = options_key(options) if same_options else "0"
    (run.path / MARKER).write_text(json.dumps({"format": "sr2hls-run-2", "key": key}))
    with pytest.raises(InputError, match="holds the result of another version of sr2hls"):
        RunFolder(options)
    RunFolder(evolve(options, overwrite=True))
    assert not list((run.path / "stages").iterdir())
