"""No place for temporary files is something that the user can mend."""

import errno
import os

import pytest

from sr2hls.cli.failure import MISTAKE, explain


def test_no_temporary_folder(capsys: pytest.CaptureFixture[str]) -> None:
    error = FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp', '/var/tmp']")
    assert explain(error) == MISTAKE
    assert "no temporary folder can be written to: free some space, or set TMPDIR" in capsys.readouterr().err


def test_a_full_temporary_folder_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/tmp/work")) == MISTAKE
    assert "the disk is full at '/tmp/work'" in capsys.readouterr().err
