"""Read .npz and .npy files."""

import zipfile
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy_format

from sr2hls.data.archive import check_archive
from sr2hls.data.data_source import ColumnSelection, DataSource, array_source
from sr2hls.data.named_arrays import named_source
from sr2hls.data.reason import reason
from sr2hls.errors import InputError, UnsafeFileError


def open_npy(path: Path, selection: ColumnSelection) -> DataSource:
    """Open an .npy file of features, memory-mapped.

    Raises:
        InputError: it is none, or weights are asked for, which it cannot hold.
    """
    _check_header(path.open("rb"), path, path.name, path.stat().st_size)
    if selection.weights is not None:
        raise InputError(
            f"'{path}' holds one array and no weights {selection.weights!r}: give a .npz with both"
        )
    return array_source(path, np.load(path, mmap_mode="r", allow_pickle=False), None, None)


def open_npz(path: Path, selection: ColumnSelection) -> DataSource:
    """Open an .npz file; see `sr2hls.data.named_arrays.named_source`.

    Raises:
        InputError: the file cannot be read.
    """
    members = check_archive(path, selection.max_bytes)
    with zipfile.ZipFile(path) as archive:
        for name in members:
            with archive.open(name) as member:
                _check_header(member, path, name, archive.getinfo(name).file_size)
    try:
        with np.load(path, allow_pickle=False) as file:
            data = {key: file[key] for key in file.files}
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(f"'{path}' cannot be read ({reason(error)}): write it again") from error
    return named_source(path, data, selection)


def _check_header(file: IO[bytes], path: Path, name: str, size: int) -> None:
    """Refuse pickled arrays, and arrays that claim to be larger than what is stored, before they are
    allocated."""
    with file:
        try:
            version = npy_format.read_magic(file)
            read = npy_format.read_array_header_1_0 if version == (1, 0) else npy_format.read_array_header_2_0
            shape, _, dtype = read(file)
        except (
            ValueError,
            OSError,
            EOFError,
            zipfile.BadZipFile,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise InputError(
                f"{name!r} in '{path}' is no numpy array ({reason(error)}): write it again"
            ) from error
    if dtype.hasobject:
        raise UnsafeFileError(
            f"{name!r} in '{path}' holds Python objects, and reading it runs the code in it: store numbers "
            f"or strings"
        )
    count = 1
    for length in shape:
        count *= length
    if min(shape, default=0) < 0 or count * dtype.itemsize > size:
        raise InputError(
            f"{name!r} in '{path}' claims the shape {shape}, more than the {size} bytes that are stored"
        )
