"""Symbolic links planted in output folders: nothing is written or removed where they point to."""

import shutil
from pathlib import Path

import pytest
from attrs import evolve

from sr2hls.cli.main import run as command
from sr2hls.errors import InputError
from sr2hls.flow.run_folder import RunFolder
from sr2hls.hls.compiled import CompiledProgram
from sr2hls.hls.project import write_hls
from sr2hls.options import CompileOptions
from sr2hls.program.interpreter import Interpreter
from sr2hls.report.store import write_report
from sr2hls.rtl.project import write_rtl
from sr2hls.rtl.simulate import simulate
from sr2hls.store.directory import Directory, written_beside
from sr2hls.store.files import write_text
from sr2hls.store.record import Record
from sr2hls.target import Target
from sr2hls.verify.random_programs import corner_inputs, random_program


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


LINK = "is a symbolic link: remove it, or give the folder that it leads to"


def test_a_file_behind_a_link_is_not_written(tmp_path: Path, victim: Path) -> None:
    (tmp_path / "report.json").symlink_to(victim / "precious.json")
    with pytest.raises(InputError, match=LINK):
        write_text(tmp_path / "report.json", "{}")
    assert untouched(victim)


LEVELS = (
    "", "stages", "network", "hls", "rtl", "docs", "cascade-25-symbolic", "sr2hls.json", "report.json",
    "inputs.json", "frontier.svg", "anything", "stages/search0.json", "stages/anything", "network/hls",
    "network/rtl", "docs/report.md", "cascade-25-symbolic/hls", "cascade-25-symbolic/rtl",
    "cascade-25-symbolic/report.json",
)  # fmt: skip


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("name", LEVELS)
@pytest.mark.parametrize("leads_to", ["folder", "file", "nothing"])
def test_links_in_a_result_are_refused(
    name: str, leads_to: str, overwrite: bool, options: CompileOptions, victim: Path
) -> None:
    RunFolder(options).stage("search0", Record, Record)
    for other in ("docs", "cascade-25-symbolic", "network"):
        (options.output / other).mkdir()
    where = options.output / name
    if where.is_dir():
        shutil.rmtree(where)
    where.unlink(missing_ok=True)
    where.symlink_to(
        {"folder": victim, "file": victim / "precious.json", "nothing": victim / "new"}[leads_to]
    )
    with pytest.raises(InputError, match=r"is a symbolic link|holds other files"):
        RunFolder(evolve(options, overwrite=overwrite))
    assert untouched(victim)
    assert where.is_symlink()


def test_names_of_designs_do_not_lead_out_of_the_folder(tmp_path: Path, victim: Path) -> None:
    (tmp_path / "out").mkdir()
    for name in ("../victim/precious.json", "/etc/x", "a/../../victim/precious.json", "", ".", "..", "a//b"):
        for act in (
            lambda name=name: Directory(tmp_path / "out").write(name, "{}"),
            lambda name=name: Directory(tmp_path / "out").remove(name),
            lambda name=name: Directory(tmp_path / "out").folder(name),
        ):
            with pytest.raises(InputError, match="it leads out of the folder"):
                act()
    assert untouched(victim)


@pytest.mark.parametrize("name", ["batch", "batch/batch.cpp"])
def test_links_in_an_hls_project_are_refused(name: str, tmp_path: Path, victim: Path) -> None:
    program = random_program(1)
    project = write_hls(program, tmp_path / "hls", target=Target())
    (project.directory / name).parent.mkdir(exist_ok=True)
    (project.directory / name).symlink_to(victim if name == "batch" else victim / "precious.json")
    with pytest.raises(InputError, match=LINK):
        CompiledProgram(project)
    assert untouched(victim)


@pytest.mark.parametrize("name", ["tb_data", "tb_data/sr2hls_vectors.dat"])
def test_links_in_place_of_vectors_are_refused(name: str, tmp_path: Path, victim: Path) -> None:
    program = random_program(1)
    project = write_hls(program, tmp_path / "hls", target=Target())
    raw = corner_inputs(program, 4, 0)
    shutil.rmtree(project.directory / "tb_data")
    (project.directory / name).parent.mkdir(exist_ok=True)
    (project.directory / name).symlink_to(victim if name == "tb_data" else victim / "precious.json")
    with pytest.raises(InputError, match=LINK):
        project.write_vectors(raw, Interpreter(program).run(raw))
    assert untouched(victim)


@pytest.mark.parametrize("name", ["sim", "sim/build"])
def test_links_in_an_rtl_project_are_refused(name: str, tmp_path: Path, victim: Path) -> None:
    program = random_program(1)
    project = write_rtl(program, tmp_path / "rtl", target=Target())
    if name == "sim":
        shutil.rmtree(project.directory / "sim")
    (project.directory / name).symlink_to(victim)
    with pytest.raises(InputError, match=LINK):
        simulate(project, corner_inputs(program, 4, 0))
    assert untouched(victim)


def test_a_marker_that_is_a_link_claims_nothing(options: CompileOptions, victim: Path) -> None:
    options.output.mkdir()
    (options.output / "sr2hls.json").symlink_to(victim / "precious.json")
    with pytest.raises(InputError):
        RunFolder(options)
    assert untouched(victim)


def test_an_rtl_project_does_not_take_the_place_of_what_a_link_points_to(
    tmp_path: Path, victim: Path
) -> None:
    (tmp_path / "rtl").symlink_to(victim, target_is_directory=True)
    with pytest.raises(InputError, match=LINK):
        write_rtl(random_program(1), tmp_path / "rtl", target=Target())
    assert untouched(victim)


def test_neither_does_an_hls_project(tmp_path: Path, victim: Path) -> None:
    (tmp_path / "hls").symlink_to(victim, target_is_directory=True)
    with (
        pytest.raises(InputError, match=LINK),
        written_beside(tmp_path / "hls", "sr2hls_project.json") as unfinished,
    ):
        (unfinished / "x").write_text("x")
    assert untouched(victim)


def test_a_dangling_link_is_not_followed_either(tmp_path: Path, victim: Path) -> None:
    (tmp_path / "x.json").symlink_to(victim / "new.json")
    with pytest.raises(InputError, match=LINK):
        write_text(tmp_path / "x.json", "{}")
    assert untouched(victim)


def test_links_between_the_pages_of_a_report(
    tmp_path: Path, victim: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sr2hls.report import store

    for name in ("to_json", "to_html", "to_markdown"):
        monkeypatch.setattr(store, name, lambda report: "page")
    for name in ("report.json", "report.html", "report.md"):
        place = tmp_path / name.partition(".")[2]
        place.mkdir()
        (place / name).symlink_to(victim / "precious.json")
        with pytest.raises(InputError, match=LINK):
            write_report(None, place)  # type: ignore[arg-type]
    (tmp_path / "docs").symlink_to(victim)
    with pytest.raises(InputError, match=LINK):
        write_report(None, tmp_path / "docs")  # type: ignore[arg-type]
    assert untouched(victim)


def test_a_run_leaves_folders_behind_links_alone(tmp_path: Path, victim: Path) -> None:
    """A folder of reports that is a link lost its reports."""
    for name in ("report.json", "report.html", "report.md"):
        (victim / name).write_text("precious")
    host = tmp_path / "host"
    (host / "stages").mkdir(parents=True)
    (host / "sr2hls.json").write_text("{}")
    (host / "docs").symlink_to(victim)
    assert (
        command(["lower", "2*x", "--range", "x=-1,1", "-o", str(host), "--synthesis", "estimate", "-q"]) == 2
    )
    assert {p.read_text() for p in victim.iterdir()} == {"precious"}
    assert len(list(victim.iterdir())) == 4
