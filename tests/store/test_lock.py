"""One run a folder: the second is refused, and a run that was killed keeps nobody out."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from attrs import evolve

from sr2hls.cli.main import run as command
from sr2hls.errors import InputError
from sr2hls.flow.lower import lower_formulas
from sr2hls.flow.run_folder import RunFolder
from sr2hls.options import CompileOptions, LowerOptions, Synthesis
from sr2hls.store.lock import LOCK_NAME, locked
from sr2hls.store.record import Record

HOLD = """
import sys, time
from pathlib import Path
from sr2hls.store.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""
REFUSED = "another run is writing to '.*': wait until it has ended, or give another folder"


@pytest.fixture
def holder(tmp_path: Path) -> "Iterator[subprocess.Popen[str]]":
    """Another process that writes to ``tmp_path / 'out'``."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "out")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def _arguments(kind: str, folder: Path) -> list[str]:
    np.savez(folder / "data.npz", X=np.random.default_rng(0).normal(size=(300, 2)), y=np.arange(300.0))
    (folder / "net.onnx").write_bytes(b"never read: the folder is refused first")
    data, out = str(folder / "data.npz"), str(folder / "out")
    network = [str(folder / "net.onnx"), "--data", data, "-o", out]
    return {
        "compile": ["compile", *network],
        "explore": ["explore", *network],
        "search": ["search", data, "-o", out, "--restarts", "1"],
        "lower": ["lower", "x*x", "--range", "x=0,1", "-o", out, "--synthesis", "estimate"],
    }[kind]


@pytest.mark.parametrize("kind", ["compile", "explore", "search", "lower"])
def test_the_second_run_is_refused(
    kind: str, tmp_path: Path, holder: "subprocess.Popen[str]", capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert command([*_arguments(kind, tmp_path), "-q"]) == 2
    said = capsys.readouterr().err
    assert "another run is writing to" in said
    assert "Traceback" not in said
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == before == [LOCK_NAME]


def test_a_killed_run_keeps_nobody_out(tmp_path: Path, holder: "subprocess.Popen[str]") -> None:
    with pytest.raises(InputError, match=REFUSED), locked(tmp_path / "out"):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (tmp_path / "out" / LOCK_NAME).is_file()
    with locked(tmp_path / "out"):
        pass


def test_the_folder_is_free_again_after_success_and_after_failure(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"net")
    (tmp_path / "data.npz").write_bytes(b"data")
    options = CompileOptions(
        checkpoint=tmp_path / "net.onnx", data=tmp_path / "data.npz", output=tmp_path / "out"
    )
    with RunFolder(options) as run:
        run.stage("search", Record, Record)
        with pytest.raises(InputError, match=REFUSED):
            RunFolder(options)
    with pytest.raises(InputError, match="holds the result of other options"):
        RunFolder(evolve(options, seed=1))
    with pytest.raises(KeyboardInterrupt), RunFolder(options):
        raise KeyboardInterrupt
    with RunFolder(options) as run:
        assert run.stage("search", Record, Record) == Record()


def test_lower_can_be_run_again(tmp_path: Path) -> None:
    def again(source: str = "x*x", **more: bool) -> str:
        options = LowerOptions(
            source=source,
            output=tmp_path / "out",
            ranges=(("x", 0.0, 1.0),),
            synthesis=Synthesis.ESTIMATE,
            **more,
        )
        lower_formulas(options)
        return (tmp_path / "out" / "rtl" / "program.json").read_text()

    first = again()
    (tmp_path / "out" / "report.json").unlink()  # as if it had been killed before its end
    assert again() == first
    with pytest.raises(InputError, match="holds the result of other options or data"):
        again("x*x*x")
    assert again("x*x*x", overwrite=True) != first


def test_a_link_in_the_locks_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / LOCK_NAME).symlink_to(tmp_path / "precious")
    with pytest.raises(InputError, match="cannot write to"), locked(tmp_path / "out"):
        pass
    assert (tmp_path / "precious").read_text() == "precious"
