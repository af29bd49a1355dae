"""Load a trained network from whatever file it is in."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from sr2hls.data.archive import check_archive
from sr2hls.data.reason import reading, reason
from sr2hls.errors import InputError
from sr2hls.teacher.exported import load_exported
from sr2hls.teacher.onnx_file import load_onnx
from sr2hls.teacher.state_dict import load_weights
from sr2hls.teacher.task import Task
from sr2hls.teacher.teacher import Teacher, probe_rows
from sr2hls.teacher.torchscript import load_torchscript

_TORCH_ENDINGS = frozenset({".pt", ".pth", ".pt2", ".ckpt", ".bin", ".ts", ".jit", ".torchscript"})
_KERAS = frozenset({".keras", ".h5", ".hdf5", ".pb", ".tflite"})


def load_teacher(
    path: str | Path,
    *,
    model: str | None = None,
    allow_pickle: bool = False,
    output: str | None = None,
    n_features: int | None = None,
    task: Task | str | None = None,
) -> Teacher:
    """Load a trained network.

    Args:
        path: ONNX file, TorchScript module, program of `torch.export` (.pt2), state_dict, or (see
            ``allow_pickle``) a whole pickled torch module.
        model: for a state_dict, ``module:factory`` or ``file.py:factory`` of the function that makes the
            network.
        allow_pickle: also read a whole pickled module; this runs the code that the file holds.
        output: the output wanted, where the network has several: its name in an ONNX file, its number or key
            in one of torch.
        n_features: number of features, where a torch file leaves it open.
        task: what the outputs mean, where the guess (`sr2hls.teacher.task.guess_task`) is wrong.

    Raises:
        UnsafeFileError: reading the file would run code from it.
        InputError: the file cannot be read, or the network is not one that sr2hls can use.
    """
    path = Path(path)
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise InputError(f"the checkpoint '{path}' {what}: give a file with a trained network")
    try:
        empty = path.stat().st_size == 0
        with path.open("rb"):
            pass
    except OSError as error:
        raise InputError(f"the checkpoint '{path}' cannot be read ({error.strerror})") from error
    if empty:
        raise InputError(f"the checkpoint '{path}' is empty: save it again")
    with reading(path):
        teacher = _loader(path, model, allow_pickle, output, n_features)()
        _check_rows(teacher)
    return teacher if task is None else teacher.with_task(task)


def _loader(
    path: Path, model: str | None, allow_pickle: bool, output: str | None, n_features: int | None
) -> Callable[[], Teacher]:
    ending = path.suffix.lower()
    if ending == ".onnx":
        return lambda: load_onnx(path, output=output)
    if ending not in _TORCH_ENDINGS:
        hint = "convert it with tf2onnx" if ending in _KERAS else "export the network to ONNX"
        raise InputError(
            f"'{path}' has the ending '{ending}', which is no checkpoint that sr2hls reads: {hint}"
        )
    if zipfile.is_zipfile(path):
        members = [name.split("/", 1)[-1] for name in check_archive(path)]
        if "archive_format" in members or ending == ".pt2":
            return lambda: load_exported(path, n_features=n_features, head=output)
        if any(name.startswith("code/") for name in members):
            return lambda: load_torchscript(path, n_features=n_features, head=output)
    elif ending == ".pt2":
        raise InputError(
            f"'{path}' is no archive of torch.export: save the network again with torch.export.save"
        )
    return lambda: load_weights(
        path, model=model, allow_pickle=allow_pickle, n_features=n_features, head=output
    )


def _check_rows(teacher: Teacher) -> None:
    """Refuse a network whose output for a row depends on the other rows, or changes from call to call."""
    rows = probe_rows(teacher.n_features)
    try:
        together = teacher.runner(rows)
        alone = np.concatenate([teacher.runner(row[None]) for row in rows])
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"'{teacher.path}' does not run on single rows ({reason(error)})") from error
    if together.shape != alone.shape or not np.allclose(
        together, alone, rtol=1e-3, atol=1e-4, equal_nan=True
    ):
        raise InputError(
            f"'{teacher.path}' gives a row another output when it is run alone: export the network in "
            f"evaluation mode "
            "(no dropout, no batch statistics), with one row of outputs for each row of features"
        )
