"""Load an ONNX file and run it with onnxruntime."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import ModelProto, TensorProto, ValueInfoProto

from sr2hls.arrays import FloatArray
from sr2hls.data.reason import reason
from sr2hls.errors import InputError
from sr2hls.teacher.chain import last_operation
from sr2hls.teacher.onnx_checks import check_nodes, read_model
from sr2hls.teacher.onnx_forms import flatten_statistics, join_inputs, open_zip_maps
from sr2hls.teacher.onnx_graph import graph_of
from sr2hls.teacher.onnx_sizes import check_sizes
from sr2hls.teacher.task import guess_task
from sr2hls.teacher.teacher import Teacher, probe_rows, run_in_batches

_NEWEST_IR = 10
"""IR version that every onnxruntime from 1.18 on reads; nothing in a newer one is needed to run a float
network."""
_OLDEST_OPSET = 7
"""onnxruntime runs opset 7 and later; older models are converted to `_CONVERT_TO`."""
_CONVERT_TO = 13
_DTYPES: dict[int, type[np.floating]] = {
    TensorProto.FLOAT: np.float32,
    TensorProto.DOUBLE: np.float64,
    TensorProto.FLOAT16: np.float16,
}


@dataclass(frozen=True, slots=True, eq=False)
class OnnxRunner:
    """Runs rows through an onnxruntime session.

    Attributes:
        session: of the model.
        input: name of the input.
        output: name of the output.
        row_shape: shape of one row as the network wants it.
        dtype: of the input.
        batch: rows that the network insists on, None for any number; missing rows are filled up with the last
        one.
    """

    session: onnxruntime.InferenceSession
    input: str
    output: str
    row_shape: tuple[int, ...]
    dtype: type[np.floating]
    batch: int | None

    def __call__(self, rows: FloatArray) -> FloatArray:
        """Run rows of shape (n, n_features)."""
        return run_in_batches(self._run, rows, self.batch)

    def _run(self, rows: FloatArray) -> FloatArray:
        values = rows.astype(self.dtype).reshape(len(rows), *self.row_shape)
        out = self.session.run([self.output], {self.input: values})[0]
        return np.asarray(out, dtype=np.float64).reshape(len(out), -1)


def load_onnx(path: Path, *, output: str | None = None) -> Teacher:
    """Load a float ONNX network; several inputs of the shape (rows, features) are put one after the other.

    Args:
        path: the file.
        output: name of the output wanted, where there are several.

    Raises:
        InputError: the file cannot be read, or holds something that is not supported.
    """
    model = _convert(read_model(path), path)
    open_zip_maps(model)
    names = join_inputs(model, path)
    source = _only_input(model, path)
    target = _output(model, path, output)
    row_shape, fixed = _shape(source, path)
    check_sizes(model, path)
    n_features = math.prod(row_shape)
    dtype = _DTYPES.get(source.type.tensor_type.elem_type)
    if dtype is None:
        raise InputError(
            f"input {source.name!r} of '{path}' is not floating point: export the network in float"
        )
    runner = _runner(model, path, source.name, target.name, row_shape, dtype, fixed)
    graph = graph_of(model.graph, source.name, target.name, n_features)
    n_outputs = _trial(runner, n_features, path).shape[1]
    return Teacher(
        path=path,
        n_features=n_features,
        n_outputs=n_outputs,
        task=guess_task(last_operation(graph), n_outputs),
        runner=runner,
        graph=lambda: graph,
        input_names=names,
    )


def _convert(model: ModelProto, path: Path) -> ModelProto:
    check_nodes(model, path)
    if model.functions:
        model = onnx.inliner.inline_local_functions(model)
        check_nodes(model, path)
    flatten_statistics(model)
    opset = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), None)
    if opset is None:
        raise InputError(f"'{path}' names no ONNX operator set: export it again")
    if opset < _OLDEST_OPSET:
        model.ir_version = max(model.ir_version, 3)
        _fix_batch(model)
        try:
            model = onnx.version_converter.convert_version(model, _CONVERT_TO)
        except Exception as error:
            raise InputError(
                f"'{path}' is written for operator set {opset}, which onnx cannot convert ({reason(error)}): "
                f"export it again for operator set {_CONVERT_TO} or newer"
            ) from error
    model.ir_version = min(model.ir_version, _NEWEST_IR)
    return model


def _fix_batch(model: ModelProto) -> None:
    """Give open sizes a number: the version converter wants known shapes, and `_runner` opens them again."""
    del model.graph.value_info[:]
    for value in (*model.graph.input, *model.graph.output):
        for dim in value.type.tensor_type.shape.dim[:1]:
            if not dim.HasField("dim_value"):
                dim.dim_value = 8


def _only_input(model: ModelProto, path: Path) -> ValueInfoProto:
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    if len(inputs) != 1:
        names = ", ".join(f"{value.name!r}" for value in inputs) or "none"
        raise InputError(
            f"'{path}' has {len(inputs)} inputs ({names}): export a network with one input (rows, features)"
        )
    return inputs[0]


def _output(model: ModelProto, path: Path, wanted: str | None) -> ValueInfoProto:
    outputs = {value.name: value for value in model.graph.output}
    names = ", ".join(f"{name!r}" for name in outputs)
    if wanted is not None:
        if wanted not in outputs:
            raise InputError(f"'{path}' has no output {wanted!r}: it has {names}")
        return outputs[wanted]
    floats = [value for value in outputs.values() if value.type.tensor_type.elem_type in _DTYPES]
    if len(floats) != 1:
        raise InputError(
            f"'{path}' has {len(floats)} floating-point outputs among {names}: "
            + ("choose one with --head NAME" if floats else "export one that is a tensor of floats")
        )
    return floats[0]


def _shape(source: ValueInfoProto, path: Path) -> tuple[tuple[int, ...], int | None]:
    dims = source.type.tensor_type.shape.dim
    row = tuple(d.dim_value for d in dims[1:])
    if len(dims) < 2 or any(size <= 0 for size in row):
        shape = [d.dim_value or d.dim_param or "?" for d in dims]
        raise InputError(
            f"input {source.name!r} of '{path}' has the shape {shape}: export it with the shape (rows, "
            "features) and a known number of features"
        )
    return row, dims[0].dim_value if dims[0].HasField("dim_value") and dims[0].dim_value > 0 else None


def _runner(
    model: ModelProto,
    path: Path,
    source: str,
    target: str,
    row_shape: tuple[int, ...],
    dtype: type[np.floating],
    fixed: int | None,
) -> OnnxRunner:
    """A runner for any number of rows, or for the fixed number where the graph does not work with another."""
    n_features = math.prod(row_shape)
    if fixed is not None:
        free = ModelProto()
        free.CopyFrom(model)
        for value in (*free.graph.input, *free.graph.output):
            if value.name in (source, target) and value.type.tensor_type.shape.dim:
                value.type.tensor_type.shape.dim[0].dim_param = "rows"
        del free.graph.value_info[:]
        try:
            runner = OnnxRunner(_session(free, path), source, target, row_shape, dtype, None)
            if all(len(runner(probe_rows(n_features, n))) == n for n in (1, 3)):
                return runner
        except Exception:  # onnxruntime's exceptions share no public base
            pass  # some node has the batch size built in: run with exactly that many rows
    return OnnxRunner(_session(model, path), source, target, row_shape, dtype, fixed)


def _session(model: ModelProto, path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime's exceptions share no public base
        raise InputError(
            f"onnxruntime cannot run '{path}' ({reason(error)}): export it again in float"
        ) from error


def _trial(runner: OnnxRunner, n_features: int, path: Path) -> FloatArray:
    try:
        return runner(probe_rows(n_features))
    except Exception as error:
        raise InputError(
            f"onnxruntime cannot run '{path}' ({reason(error)}): export it again in float"
        ) from error
