"""The directory through which everything is written and deleted."""

import ast
import os
from pathlib import Path

import pytest

import sr2hls
from sr2hls.errors import InputError
from sr2hls.store.directory import Directory, written_beside


def test_files_folders_and_what_is_in_them(tmp_path: Path) -> None:
    directory = Directory.at(tmp_path / "a" / "b")
    assert directory.write("x.txt", "ä") == tmp_path / "a" / "b" / "x.txt"
    directory.write("c/d/y.bin", b"\0\1")
    assert (directory.path / "x.txt").read_bytes() == "ä".encode()
    assert (directory.path / "c/d/y.bin").read_bytes() == b"\0\1"
    assert directory.folder("c").write("z", "").stat().st_mode & 0o777 & ~0o022 == 0o644 & ~0o022
    assert [p.name for p in directory.entries()] == ["c", "x.txt"]
    directory.remove("c")
    directory.remove("x.txt")
    directory.remove("never/there")
    assert directory.entries() == []


def test_a_file_that_cannot_be_finished_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = Directory.at(tmp_path)
    directory.write("x", "old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        directory.write("x", "new")
    with pytest.raises(RuntimeError), directory.unfinished_file("x") as path:
        path.write_text("half")
        raise RuntimeError
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"x": "old"}


def test_what_a_killed_run_was_writing_goes(tmp_path: Path) -> None:
    directory = Directory.at(tmp_path)
    with pytest.raises(RuntimeError), directory.unfinished_file("report.json") as path:
        os.link(path.with_name(path.name), tmp_path / "never") if path.exists() else path.write_text("half")
        kept = tmp_path / path.name
        path.rename(tmp_path / "aside")
        raise RuntimeError
    (tmp_path / "aside").rename(kept)  # as it is after kill -9
    (tmp_path / "cascade-25").mkdir()
    (tmp_path / "cascade-25" / kept.name).mkdir()
    for user in (".hidden", ".a.b", "x.0123abcd"):
        (tmp_path / user).write_text("the user's")
    directory.remove_unfinished()
    assert sorted(p.name for p in tmp_path.iterdir()) == [".a.b", ".hidden", "cascade-25", "x.0123abcd"]
    assert list((tmp_path / "cascade-25").iterdir()) == []


@pytest.mark.parametrize("what", ["write", "folder", "remove", "unfinished_file"])
@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_links_at_every_level_are_refused(tmp_path: Path, what: str, level: int) -> None:
    (tmp_path / "victim" / "b" / "c").mkdir(parents=True)
    (tmp_path / "victim" / "b" / "c" / "precious").write_text("precious")
    place = tmp_path / "root"
    names = ["root", "a", "b", "c"]
    link = tmp_path.joinpath(*names[: level + 1])
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(tmp_path / "victim")
    name = "a/b/c"
    with pytest.raises(InputError, match="is a symbolic link: remove it"):
        if what == "unfinished_file":
            with Directory.at(place).unfinished_file(name):
                pass
        else:
            getattr(Directory.at(place), what)(*((name, "x") if what == "write" else (name,)))
    assert [p.name for p in (tmp_path / "victim").rglob("*") if p.is_file()] == ["precious"]
    assert link.is_symlink()


def test_files_where_folders_are_needed_and_the_other_way_round(tmp_path: Path) -> None:
    directory = Directory.at(tmp_path)
    directory.write("file", "")
    directory.folder("folder")
    with pytest.raises(InputError, match=r"'.*file' is a file where a folder is needed: remove it"):
        directory.write("file/x", "")
    with pytest.raises(InputError, match=r"'.*folder' is a folder where a file is written: remove it"):
        directory.write("folder", "")
    with pytest.raises(InputError, match="is a file: give a folder"):
        Directory.at(tmp_path / "file")


def test_a_project_is_replaced_as_a_whole_and_nothing_else_is(tmp_path: Path) -> None:
    for text in ("first", "second"):
        with written_beside(tmp_path / "p", "marker", "RTL project") as unfinished:
            (unfinished / "marker").write_text(text)
        assert (tmp_path / "p" / "marker").read_text() == text
    with pytest.raises(RuntimeError), written_beside(tmp_path / "p", "marker") as unfinished:
        raise RuntimeError
    assert {p.name for p in tmp_path.rglob("*")} == {"p", "marker"}
    (tmp_path / "p" / "marker").rename(tmp_path / "p" / "other")
    with (
        pytest.raises(InputError, match="is not empty and holds no RTL project of sr2hls"),
        written_beside(tmp_path / "p", "marker", "RTL project"),
    ):
        pass


SCRATCH = {
    "doctor.py",
    "prove/abc.py",
    "prove/confirm.py",
    "prove/folder.py",
    "rtl/icarus.py",
    "rtl/simulate.py",
    "search/pysr/pysr_engine.py",
    "search/pysr/julia.py",
    "synthesis/ecp5.py",
    "synthesis/operators/measure.py",
    "synthesis/together.py",
    "synthesis/vendor/vivado.py",
    "synthesis/yosys_run.py",
    "verify/executors.py",
}
"""Modules that write into temporary folders of their own."""
UNFINISHED = {"rtl/sources.py", "hls/write_hls4ml.py", "hls/project.py"}
"""Modules that write into the unfinished folder of `written_beside`."""
CHILD = {"search/pysr/child.py", "search/pysr/process.py", "search/pysr/request.py"}
"""Both ends of the child process that runs PySR, in the temporary folder they share."""
OTHERS = {"rtl/verilator.py", "synthesis/vendor/launch.py"}
"""The user's own cache, and the log of a vendor's tool that has the whole project to itself."""
METHODS = {
    "mkdir",
    "write_text",
    "write_bytes",
    "unlink",
    "rmdir",
    "touch",
    "symlink_to",
    "savefig",
    "tofile",
}
FUNCTIONS = {
    "os": {"mkdir", "makedirs", "unlink", "remove", "rename", "replace", "rmdir", "symlink", "link"},
    "shutil": {"copy", "copy2", "copyfile", "copytree", "move", "rmtree"},
    "tempfile": {"mkdtemp", "mkstemp", "TemporaryDirectory", "NamedTemporaryFile"},
}


def _writes(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    name, of = node.func.attr, node.func.value
    if isinstance(of, ast.Name) and of.id in FUNCTIONS:
        return name in FUNCTIONS[of.id]
    arguments = [*node.args, *(k.value for k in node.keywords)]
    modes = {"w", "wb", "a", "ab", "x", "xb", "r+", "w+"}
    opens = name == "open" and any(isinstance(a, ast.Constant) and a.value in modes for a in arguments)
    return opens or name in METHODS


def test_nothing_else_writes_or_deletes() -> None:
    root = Path(sr2hls.__file__).parent
    modules = {str(p.relative_to(root)): ast.parse(p.read_text()) for p in root.rglob("*.py")}
    found = {name for name, tree in modules.items() if any(map(_writes, ast.walk(tree)))}
    inside = {
        "report/plot.py",
        "distil/checkpoint.py",
        "teacher/pt2_archive.py",
    }  # files that are given to them
    known = SCRATCH | UNFINISHED | CHILD | OTHERS | inside
    assert {name for name in found if not name.startswith("store/")} == known
