"""hls4ml's own files of a project, written by hls4ml."""

import contextlib
import io
import os
import re
import shutil
from pathlib import Path
from typing import Any

CONFIG_NAME = "hls4ml_config.yml"


def write_hls4ml_files(graph: Any, directory: Path) -> None:
    """Let hls4ml write its files, and take the name of the unfinished folder out of them.

    Args:
        graph: hls4ml's ``ModelGraph``, whose output folder is the directory.
        directory: an unfinished folder, see `sr2hls.store.directory.written_beside`.

    Raises:
        OSError: a file cannot be written, e.g. since the disk is full.
    """
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            graph.write()
    except shutil.Error as error:
        raise _cause(error) from error
    yml = directory / CONFIG_NAME
    yml.write_text(yml.read_text(encoding="utf-8").replace(str(directory), "."), encoding="utf-8")


def _cause(error: shutil.Error) -> OSError:
    """Return the system's error behind one of `shutil.copytree`, which keeps its text alone."""
    _, target, text = error.args[0][0]
    found = re.search(r"\[Errno (\d+)\]", str(text))
    if found is None:
        return error
    number = int(found.group(1))
    return OSError(number, os.strerror(number), str(target))
