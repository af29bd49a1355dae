"""Load a TorchScript module."""

import re
import zipfile
from pathlib import Path

import torch

from sr2hls.data.archive import check_archive
from sr2hls.data.reason import reason
from sr2hls.errors import InputError, UnsafeFileError
from sr2hls.teacher.aten_graph import script_graph
from sr2hls.teacher.chain import last_operation
from sr2hls.teacher.heads import Head
from sr2hls.teacher.task import guess_task
from sr2hls.teacher.teacher import Teacher
from sr2hls.teacher.torch_run import TorchRunner, dtype_of, find_features

_FILE_ACCESS = re.compile(rb"\b(save|from_file|__setstate__|load)\s*\(|\bops\.(?!prim\b|aten\b)\w+")
"""TorchScript has no import, but operators that read and write files, and code that runs while it is
loaded."""


def load_torchscript(path: Path, *, n_features: int | None = None, head: str | None = None) -> Teacher:
    """Load a TorchScript module with one input.

    Args:
        path: the file.
        n_features: number of features, where it cannot be found out.
        head: which output, where it has several.

    Raises:
        UnsafeFileError: its code touches files or calls operators that are not torch's own.
        InputError: the file cannot be read or run.
    """
    names = check_archive(path)
    with zipfile.ZipFile(path) as archive:
        for name in names:
            if "/code/" in name and name.endswith(".py"):
                found = _FILE_ACCESS.search(archive.read(name))
                if found:
                    call = found.group().decode("ascii", "replace").strip("( ")
                    raise UnsafeFileError(
                        f"'{path}' calls {call!r} in {name!r}: a network has no need to; export it to ONNX"
                    )
    try:
        module = torch.jit.load(str(path), map_location="cpu").eval()  # type: ignore[no-untyped-call]
    except (RuntimeError, ValueError, OSError) as error:
        raise InputError(
            f"'{path}' is no readable TorchScript file ({reason(error)}): export it again"
        ) from error
    if head is not None:
        module = Head(module, head)
    features, outputs = find_features(module, path, n_features)
    if head is not None:
        example = torch.zeros(2, features, dtype=dtype_of(module))
        module = torch.jit.trace(module, example, strict=False)  # type: ignore[no-untyped-call]
    try:
        last = last_operation(script_graph(module, features))
    except (InputError, RuntimeError):
        last = None
    return Teacher(
        path=path,
        n_features=features,
        n_outputs=outputs,
        task=guess_task(last, outputs),
        runner=TorchRunner(module, dtype_of(module)),
        graph=lambda: script_graph(module, features),
        module=module,
    )
