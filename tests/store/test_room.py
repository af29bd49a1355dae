"""A full disk is called one, whatever a tool made of it."""

import errno
from pathlib import Path

import pytest

from sr2hls.hls.write_hls4ml import _cause
from sr2hls.store.room import refuse_full
from sr2hls.synthesis import yosys_run


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    def write(path: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", write)


def test_room_is_left(tmp_path: Path) -> None:
    refuse_full(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("full")
def test_no_room_is_left(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left on device") as error:
        refuse_full(tmp_path)
    assert error.value.errno == errno.ENOSPC
    assert error.value.filename == str(tmp_path)


@pytest.mark.usefixtures("full")
def test_abc_is_not_blamed_for_a_full_temporary_folder(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left on device"):
        yosys_run._run_worker(["read_verilog missing.v"], tmp_path, 60)


def test_the_cause_inside_of_a_copied_folder_is_found() -> None:
    import shutil

    text = "[Errno 28] No space left on device: 'nnet_utils/x.h'"
    found = _cause(shutil.Error([("x.h", "out/x.h", text)]))
    assert found.errno == errno.ENOSPC
    assert found.filename == "out/x.h"
    other = shutil.Error([("x.h", "out/x.h", "same file")])
    assert _cause(other) is other
