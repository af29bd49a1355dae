"""Load a program of `torch.export` (.pt2)."""

import logging
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.export import ExportedProgram, unflatten

from sr2hls.data.reason import reason
from sr2hls.errors import InputError
from sr2hls.teacher.aten_graph import exported_graph
from sr2hls.teacher.chain import last_operation
from sr2hls.teacher.heads import Head
from sr2hls.teacher.pt2_archive import clean_copy
from sr2hls.teacher.task import guess_task
from sr2hls.teacher.teacher import Teacher
from sr2hls.teacher.torch_run import TorchRunner, dtype_of, find_features


def load_exported(path: Path, *, n_features: int | None = None, head: str | None = None) -> Teacher:
    """Load an exported program with one input of shape (rows, features).

    Args:
        path: the file.
        n_features: number of features, where it cannot be found out.
        head: which output, where it has several.

    Raises:
        InputError: the file cannot be read or run.
    """
    buffer = clean_copy(path)
    log = logging.getLogger("torch.export")
    level = log.level
    log.setLevel(logging.CRITICAL)  # torch logs a traceback for a broken file; the error below says it
    try:
        program = torch.export.load(buffer)
    except Exception as error:  # anything can be wrong in a damaged archive
        raise InputError(
            f"'{path}' is no readable file of torch.export ({reason(error)}): save it again"
        ) from error
    finally:
        log.setLevel(level)
    inputs = [node for node in program.graph.nodes if node.name in program.graph_signature.user_inputs]
    shape = tuple(inputs[0].meta["val"].shape) if len(inputs) == 1 else ()
    if len(shape) != 2 or not isinstance(shape[1], int):
        raise InputError(f"'{path}' does not take one tensor of shape (rows, features): export it so")
    module = program.module(check_guards=False)
    rows = shape[0] if isinstance(shape[0], int) else None
    if head is not None:
        program = _with_head(module, head, rows, shape[1], path)
        module = program.module(check_guards=False)
    runner = TorchRunner(module, dtype_of(module), rows)
    if rows is None:
        features, outputs = find_features(module, path, n_features or shape[1])
    else:
        features = shape[1]
        outputs = _outputs(runner, features, path)
    graph = exported_graph(program, features)
    return Teacher(
        path=path,
        n_features=features,
        n_outputs=outputs,
        task=guess_task(last_operation(graph), outputs),
        runner=runner,
        graph=lambda: graph,
        module=_with_submodules(program, module) if rows is None else module,
    )


def _with_head(module: nn.Module, head: str, rows: int | None, features: int, path: Path) -> ExportedProgram:
    """Export a network again, with one of its outputs."""
    example = torch.zeros(rows or 2, features, dtype=dtype_of(module))
    one = Head(module, head)
    one(example)
    dynamic = ({0: torch.export.Dim.AUTO},) if rows is None else None
    try:
        return torch.export.export(one, (example,), dynamic_shapes=dynamic)
    except Exception as error:  # whatever the program holds
        raise InputError(
            f"'{path}' cannot be exported with its output '{head}' alone ({reason(error)}): save it so"
        ) from error


def _with_submodules(program: ExportedProgram, flat: nn.Module) -> nn.Module:
    """Return the network with its modules under their names, or flat, as it is run, where none are kept."""
    kept = all(n.meta.get("nn_module_stack") for n in program.graph.nodes if n.op == "call_function")
    if not kept:
        return flat
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's, about its own tree specifications
        return unflatten(program)


def _outputs(runner: TorchRunner, features: int, path: Path) -> int:
    try:
        return int(runner(np.zeros((1, features))).shape[1])
    except Exception as error:
        raise InputError(f"'{path}' does not run on rows of {features} features ({error})") from error
