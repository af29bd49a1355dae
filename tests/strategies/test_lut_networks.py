"""LUT networks of several sizes: side by side or one after another."""

import psutil
import pytest
from attrs import evolve

from sr2hls.flow.design_file import to_text
from sr2hls.flow.run_folder import RunFolder
from sr2hls.options import CompileOptions
from sr2hls.prepare import prepare
from sr2hls.progress import SilentProgress
from sr2hls.strategies import lut_network
from sr2hls.strategies.base import Context
from sr2hls.strategies.lut_network import LutNetworks
from sr2hls.strategies.lut_network_sizes import GrownNetwork

SIZES = 8, 14


def strategy(options: CompileOptions, folder, jobs: int) -> LutNetworks:
    options = evolve(options, output=folder / str(jobs), jobs=jobs)
    return LutNetworks(
        Context(prepare(options, SilentProgress()), options, RunFolder(options), SilentProgress())
    )


@pytest.fixture(autouse=True)
def always_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lut_network, "_WORTH_S", 0.0)


def test_sizes_side_by_side_are_those_one_after_another(small: CompileOptions, tmp_path) -> None:
    apart, alone = strategy(small, tmp_path, 2), strategy(small, tmp_path, 1)
    problem = apart.context.problem
    assert apart._apart(problem, SIZES) is not None and alone._apart(problem, SIZES) is None
    found, expected = (list(s.propose(problem, SIZES)) for s in (apart, alone))
    assert len(expected) == 4
    assert [to_text(d) for d in found] == [to_text(d) for d in expected]


def test_processes_end_where_the_search_is_left(small: CompileOptions, tmp_path) -> None:
    left = strategy(small, tmp_path, 2)
    before = {p.pid for p in psutil.Process().children(recursive=True)}
    designs = left.propose(left.context.problem, SIZES)
    next(designs)
    designs.close()
    started = [p for p in psutil.Process().children(recursive=True) if p.pid not in before]
    _, alive = psutil.wait_procs(started, timeout=20)
    assert not [p for p in alive if "popen_loky" in " ".join(p.cmdline())]
    assert left.context.stages.kept("lut-network-8", GrownNetwork) is not None
