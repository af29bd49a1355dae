"""Load weights (a state_dict) into a network that the user's own function makes, or, on demand, a pickled
module."""

import importlib
import importlib.util
import pickle
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import nn

from sr2hls.data.archive import check_archive
from sr2hls.data.reason import reason
from sr2hls.errors import InputError, UnsafeFileError
from sr2hls.teacher.aten_graph import exported_graph
from sr2hls.teacher.chain import NetworkGraph
from sr2hls.teacher.heads import Head
from sr2hls.teacher.task import guess_task
from sr2hls.teacher.teacher import Teacher
from sr2hls.teacher.torch_run import TorchRunner, dtype_of, find_features

_NESTED = ("state_dict", "model_state_dict", "model", "net", "weights")
"""Keys below which training scripts and Lightning keep the weights."""


def load_weights(
    path: Path,
    *,
    model: str | None,
    allow_pickle: bool = False,
    n_features: int | None = None,
    head: str | None = None,
) -> Teacher:
    """Load a state_dict into the network that ``model`` names, or a whole pickled module.

    Args:
        path: the file.
        model: ``module:factory`` or ``file.py:factory``; the factory takes no arguments and returns the
        network.
        allow_pickle: read a whole pickled module, running whatever code the file holds.
        n_features: number of features, where it cannot be found out.
        head: which output, where the network has several.

    Raises:
        UnsafeFileError: the file has to be unpickled and the user did not ask for it.
        InputError: the weights do not fit the network, or cannot be read.
    """
    content = _read(path, allow_pickle)
    if isinstance(content, nn.Module):
        network = content
    else:
        weights = _weights(content, path)
        if model is None:
            raise InputError(
                f"'{path}' holds weights without a network: give the function that makes the network as "
                "--model module:factory"
            )
        network = make_network(model)
        try:
            network.load_state_dict(weights)
        except (RuntimeError, TypeError, AttributeError) as error:
            why = "; ".join(line.strip() for line in str(error).splitlines()[1:3]) or str(error)[:200]
            raise InputError(
                f"the weights in '{path}' do not fit the network of {model!r} ({why})"
            ) from error
    return teacher_of(network if head is None else Head(network, head), path, n_features)


def teacher_of(network: nn.Module, path: Path, n_features: int | None = None) -> Teacher:
    """Make a teacher of a torch module in memory; ``path`` is what messages call it.

    Raises:
        InputError: torch.export cannot trace it.
    """
    network = network.cpu().eval()
    features, outputs = find_features(network, path, n_features)

    def graph() -> NetworkGraph:
        try:
            program = torch.export.export(network, (torch.zeros(2, features, dtype=dtype_of(network)),))
        except Exception as error:  # whatever the user's own module does
            raise InputError(f"torch.export cannot trace it ({reason(error)})") from error
        return exported_graph(program, features)

    return Teacher(
        path=path,
        n_features=features,
        n_outputs=outputs,
        task=guess_task(_last_operation(network), outputs),
        runner=TorchRunner(network, dtype_of(network)),
        graph=graph,
        module=network,
    )


def _last_operation(network: nn.Module) -> str | None:
    """Name of the operation that gives the output; None where torch.fx cannot trace the network."""
    try:
        traced = torch.fx.symbolic_trace(network)
    except Exception:  # whatever the user's own module does with a tracer's proxies
        return None
    output = next(node for node in reversed(traced.graph.nodes) if node.op == "output").args[0]
    if not isinstance(output, torch.fx.Node):
        return None
    if output.op == "call_module":
        name = type(traced.get_submodule(str(output.target))).__name__
        return {"LogSoftmax": "log_softmax"}.get(name, name.lower())
    return str(getattr(output.target, "__name__", output.target)).rsplit(".", 1)[-1]


def make_network(model: str) -> nn.Module:
    """Import a factory and call it.

    Args:
        model: ``module:factory`` with a module that Python finds (the working directory counts), or
        ``file.py:factory``.

    Raises:
        InputError: there is no such module or factory, or it makes no network.
    """
    where, separator, name = model.rpartition(":")
    if not separator or not where or not name.isidentifier():
        raise InputError(f"{model!r} names no factory: write it as module:factory or file.py:factory")
    try:
        factory = getattr(_import(where), name, None)
    except Exception as error:  # the user's own module may raise anything
        raise InputError(f"the module {where!r} of {model!r} cannot be imported ({error})") from error
    if not callable(factory):
        raise InputError(f"the module {where!r} has no function {name!r}: check --model {model}")
    return _call(factory, model)


def _call(factory: Callable[[], object], model: str) -> nn.Module:
    try:
        network = factory()
    except Exception as error:
        raise InputError(
            f"the factory {model!r} raises an error when called without arguments ({error})"
        ) from error
    if not isinstance(network, nn.Module):
        raise InputError(
            f"the factory {model!r} returns a {type(network).__name__}: it has to return a torch module"
        )
    return network


def _import(where: str) -> object:
    if not where.endswith(".py"):
        if str(Path.cwd()) not in sys.path:
            sys.path.insert(0, str(Path.cwd()))
        return importlib.import_module(where)
    file = Path(where)
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None or not file.is_file():
        raise FileNotFoundError(f"there is no file '{file}'")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(file.stem, module)  # dataclasses and pickles look modules up by name
    spec.loader.exec_module(module)
    return module


def _read(path: Path, allow_pickle: bool) -> object:
    if zipfile.is_zipfile(path):
        check_archive(path)
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if not allow_pickle:
            raise UnsafeFileError(
                f"'{path}' is a whole pickled object, and reading it runs the code in it: save "
                f"model.state_dict() or export "
                "to ONNX, or give --allow-pickle (allow_pickle=True) if you trust the file"
            ) from error
    except Exception as error:  # a damaged file can raise nearly anything
        raise InputError(f"'{path}' is no readable torch file ({reason(error)}): save it again") from error
    try:
        return torch.load(path, map_location="cpu", weights_only=False)
    except Exception as error:
        raise InputError(
            f"'{path}' cannot be unpickled ({error}): its classes have to be importable"
        ) from error


def _weights(content: object, path: Path) -> Mapping[str, torch.Tensor]:
    candidates = [content]
    if isinstance(content, Mapping):
        candidates += [content[key] for key in _NESTED if key in content]
    for candidate in candidates:
        if (
            isinstance(candidate, Mapping)
            and candidate
            and all(isinstance(v, torch.Tensor) for v in candidate.values())
        ):
            return candidate
    raise InputError(f"'{path}' holds no state_dict: save model.state_dict() with torch.save")
