"""Kill -9 while the folder of a result is written, many times; `test_kill.py` kills whole commands."""

import json
import os
import random
import signal
import time
from pathlib import Path

import pytest

from sr2hls.flow.run_folder import RunFolder
from sr2hls.options import CompileOptions
from sr2hls.store.files import write_text
from sr2hls.store.record import Record

STAGES = 12


class Kept(Record):
    values: list[int]


def _stage(number: int) -> Kept:
    return Kept(values=list(range(number * 1000, number * 1000 + 4000)))


def _work(options: CompileOptions) -> None:
    """What a command does to its folder: claim it, keep stages, write pages, the JSON last."""
    run = RunFolder(options)
    total = sum(sum(run.stage(f"s{k}", Kept, lambda k=k: _stage(k)).values) for k in range(STAGES))
    for name in ("report.html", "report.json"):
        write_text(run.path / name, json.dumps({"total": total, "padding": "x" * 50_000}))


def _killed_after(options: CompileOptions, seconds: float) -> bool:
    child = os.fork()
    if child == 0:
        try:
            _work(options)
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def _contents(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_text() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("kills", [12, pytest.param(100, marks=pytest.mark.slow)])
def test_many_kills(tmp_path: Path, kills: int) -> None:
    (tmp_path / "net.onnx").write_bytes(b"net")
    (tmp_path / "data.npz").write_bytes(b"data")

    def options(name: str) -> CompileOptions:
        return CompileOptions(
            checkpoint=tmp_path / "net.onnx", data=tmp_path / "data.npz", output=tmp_path / name
        )

    began = time.monotonic()
    _work(options("undisturbed"))
    seconds = time.monotonic() - began
    wanted = _contents(tmp_path / "undisturbed")
    generator = random.Random(1)
    killed = rounds = 0
    while killed < kills:
        battered = options(f"battered{rounds}")
        rounds += 1
        for _ in range(generator.choice([1, 3, 8])):
            killed += _killed_after(battered, generator.uniform(0, seconds))
            for path in tmp_path.glob(f"{battered.output.name}/**/*.json"):
                if not path.name.startswith("."):
                    json.loads(path.read_text())
            if (battered.output / "report.json").is_file():
                assert (battered.output / "report.html").is_file()
        _work(battered)
        assert _contents(battered.output) == wanted
    assert rounds > kills // 20
