"""Linear algebra has one thread while a command works, and what it had before afterwards."""

import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from sr2hls.flow.compile import compile_network
from sr2hls.flow.explore import explore_network
from sr2hls.options import CompileOptions, ExploreOptions
from sr2hls.progress import SilentProgress
from sr2hls.threads import one_thread


def blas_threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


class Stop(SilentProgress):
    """Ends the work at once, with the threads that it would have used."""

    def plan(self, stages):
        raise InterruptedError(blas_threads(), torch.get_num_threads())


def test_one_thread_within_and_as_many_as_before_afterwards():
    with threadpool_limits(limits=2, user_api="blas"):
        before = blas_threads(), torch.get_num_threads()
        with one_thread():
            assert (blas_threads(), torch.get_num_threads()) == ({1}, 1)
        assert (blas_threads(), torch.get_num_threads()) == before


@pytest.mark.parametrize(
    ("command", "kind"), [(compile_network, CompileOptions), (explore_network, ExploreOptions)]
)
def test_commands_use_one_thread(command, kind, small, tmp_path):
    options = kind(checkpoint=small.checkpoint, data=small.data, output=tmp_path / "result")
    with pytest.raises(InterruptedError) as stopped, threadpool_limits(limits=2, user_api="blas"):
        command(options, Stop())
    assert stopped.value.args == ({1}, 1)
