"""Symbolic links planted in output folders: nothing is written or removed where they point to."""

from pathlib import Path

import pytest
from attrs import evolve

from sr2hls.errors import InputError
from sr2hls.options import CompileOptions
from sr2hls.report.store import write_report
from sr2hls.rtl.project import write_rtl
from sr2hls.rundir import RunDirectory
from sr2hls.store.directory import written_beside
from sr2hls.store.files import write_text
from sr2hls.target import Target
from sr2hls.verify.random_programs import random_program


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    folder = tmp_path / "victim"
    folder.mkdir()
    (folder / "precious.json").write_text("precious")
    return folder


@pytest.fixture
def options(tmp_path: Path) -> CompileOptions:
    (tmp_path / "net.onnx").write_bytes(b"net")
    (tmp_path / "data.npz").write_bytes(b"data")
    return CompileOptions(
        checkpoint=tmp_path / "net.onnx", data=tmp_path / "data.npz", output=tmp_path / "result"
    )


def untouched(victim: Path) -> bool:
    return {p.name: p.read_text() for p in victim.iterdir()} == {"precious.json": "precious"}


def test_a_file_behind_a_link_is_not_written(tmp_path: Path, victim: Path) -> None:
    (tmp_path / "report.json").symlink_to(victim / "precious.json")
    write_text(tmp_path / "report.json", "{}")
    assert untouched(victim)
    assert not (tmp_path / "report.json").is_symlink()


@pytest.mark.parametrize("name", ["stages", "network", "hls", "rtl"])
def test_folders_of_a_result_that_are_links_are_refused(
    name: str, options: CompileOptions, victim: Path
) -> None:
    RunDirectory(options).cached("search0", lambda: {"answer": 1})
    where = options.output / name
    if where.is_dir():
        for file in where.iterdir():
            file.unlink()
        where.rmdir()
    where.symlink_to(victim, target_is_directory=True)
    for overwrite in (False, True):
        with pytest.raises(InputError, match=rf"{name}' is a symbolic link: remove it"):
            RunDirectory(evolve(options, overwrite=overwrite))
    assert untouched(victim)


def test_a_marker_that_is_a_link_claims_nothing(options: CompileOptions, victim: Path) -> None:
    options.output.mkdir()
    (options.output / "sr2hls.json").symlink_to(victim / "precious.json")
    with pytest.raises(InputError):
        RunDirectory(options)
    assert untouched(victim)


def test_an_rtl_project_does_not_take_the_place_of_what_a_link_points_to(
    tmp_path: Path, victim: Path
) -> None:
    (tmp_path / "rtl").symlink_to(victim, target_is_directory=True)
    with pytest.raises(InputError, match="is no RTL project"):
        write_rtl(random_program(1), tmp_path / "rtl", target=Target())
    assert untouched(victim)


def test_neither_does_an_hls_project(tmp_path: Path, victim: Path) -> None:
    (tmp_path / "hls").symlink_to(victim, target_is_directory=True)
    with pytest.raises(InputError), written_beside(tmp_path / "hls", "sr2hls_project.json") as unfinished:
        (unfinished / "x").write_text("x")
    assert untouched(victim)


def test_a_dangling_link_is_not_followed_either(tmp_path: Path, victim: Path) -> None:
    (tmp_path / "x.json").symlink_to(victim / "new.json")
    write_text(tmp_path / "x.json", "{}")
    assert untouched(victim)


def test_links_between_the_pages_of_a_report(
    tmp_path: Path, victim: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sr2hls.report import store

    for name in ("report.json", "report.html", "report.md"):
        (tmp_path / name).symlink_to(victim / "precious.json")
    for name in ("to_json", "to_html", "to_markdown"):
        monkeypatch.setattr(store, name, lambda report: "page")
    write_report(None, tmp_path)  # type: ignore[arg-type]
    assert untouched(victim)
