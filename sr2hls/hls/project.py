"""A program as a genuine hls4ml project on disk: C++, scripts for the vendor's tools, testbench."""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from hls4ml.model import ModelGraph

from sr2hls.arrays import IntArray
from sr2hls.errors import InputError
from sr2hls.hls.batch import BatchFunction
from sr2hls.hls.cpp import BACKENDS
from sr2hls.hls.cpp_types import ExactType, bits_type, cpp_type
from sr2hls.hls.layer import formula_layer, hls4ml_precision
from sr2hls.hls.write_hls4ml import write_hls4ml_files
from sr2hls.program.program import Program
from sr2hls.program.serialize import from_dict, to_dict, type_from_dict
from sr2hls.program.types import FixedType
from sr2hls.store.directory import Directory, written_beside
from sr2hls.target import Target
from sr2hls.templates import render

MARKER = "sr2hls_project.json"
VECTORS = "tb_data/sr2hls_vectors.dat"
CLOCK_UNCERTAINTY = {"Vitis": "27%", "Vivado": "12.5%"}
"""The defaults of the two tools, which hls4ml writes too."""


@dataclass(frozen=True, slots=True)
class HlsProject:
    """An hls4ml project that sr2hls wrote.

    Attributes:
        directory: where it is.
        name: of the top function and of hls4ml's project.
        backend: ``Vitis`` or ``Vivado``.
        part: FPGA part.
        clock_ns: clock period in nanoseconds.
        input_types: type whose raw values each input is given as.
        output_types: type whose raw values each output is returned as.
        interface: C++ types of an element of the top function's input and output.
        program: what the project computes, or None where layers of a network take part.
    """

    directory: Path
    name: str
    backend: str
    part: str
    clock_ns: float
    input_types: tuple[FixedType, ...]
    output_types: tuple[FixedType, ...]
    interface: tuple[str, str]
    program: Program | None

    @classmethod
    def open(cls, directory: Path) -> "HlsProject":
        """Read a project that `write_hls` or `write_hybrid` wrote.

        Raises:
            InputError: there is none.
        """
        try:
            data = json.loads((directory / MARKER).read_text(encoding="utf-8"))
            return cls(
                directory=directory,
                name=str(data["name"]),
                backend=str(data["backend"]),
                part=str(data["part"]),
                clock_ns=float(data["clock_ns"]),
                input_types=tuple(type_from_dict(t) for t in data["input_types"]),
                output_types=tuple(type_from_dict(t) for t in data["output_types"]),
                interface=(str(data["interface"][0]), str(data["interface"][1])),
                program=None if data["program"] is None else from_dict(data["program"]),
            )
        except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
            raise InputError(f"'{directory}' holds no HLS project of sr2hls: {error}") from error

    @property
    def batch_function(self) -> BatchFunction:
        """The top function, as the batch runner and the testbench call it."""
        return BatchFunction(
            symbol="sr2hls_batch",
            call=f"{self.name}(x, y)",
            input=self.interface[0],
            output=self.interface[1],
            input_types=tuple(cpp_type(bits_type(t)) for t in self.input_types),
            output_types=tuple(cpp_type(bits_type(t)) for t in self.output_types),
        )

    def write_vectors(self, raw_in: IntArray, raw_out: IntArray) -> Path:
        """Write what C simulation and cosimulation compare with; the testbench fails on any other bit.

        Args:
            raw_in: raw inputs, shape (samples, inputs).
            raw_out: the raw outputs that the contract gives for them, shape (samples, outputs).

        Raises:
            InputError: the shapes do not fit the project.
        """
        wanted = (len(self.input_types), len(self.output_types))
        if (
            raw_in.ndim != 2
            or raw_out.ndim != 2
            or len(raw_in) != len(raw_out)
            or (raw_in.shape[1], raw_out.shape[1]) != wanted
        ):
            raise InputError(
                f"vectors of the shapes {raw_in.shape} and {raw_out.shape} do not fit the project: it takes "
                f"(samples, {wanted[0]}) and gives (samples, {wanted[1]})"
            )
        with Directory.at(self.directory).unfinished_file(VECTORS) as unfinished:
            np.savetxt(unfinished, np.hstack([raw_in, raw_out]), fmt="%d")
        return self.directory / VECTORS


def write_hls(
    program: Program,
    directory: Path,
    *,
    target: Target,
    backend: str = "Vitis",
    name: str = "formula",
    quantize_inputs: bool = False,
    use_dsp: bool | None = None,
) -> HlsProject:
    """Write a program as an hls4ml project. Needs no vendor tool.

    Inputs arrive as one array in the narrowest type that holds all of them, outputs leave likewise; both are
    fully partitioned into registers or wires, one sample a clock cycle.

    Args:
        program: what the project computes.
        directory: where it is written. A project of sr2hls that is there already is replaced, once the new
            one is complete; any other directory must be empty.
        target: part, clock period and budgets. A latency budget becomes the tool's latency limit.
        backend: ``Vitis`` (Vitis HLS 2020.2 and later) or ``Vivado`` (Vivado HLS up to 2020.1).
        name: of the top function.
        quantize_inputs: spend logic on quantising the inputs to their types; without it they have to be
            values of their types already, as the contract says.
        use_dsp: let multipliers become DSP blocks; by default unless the target's budget has none.

    Raises:
        InputError: backend, name or directory cannot be used, or the program has no inputs.
    """
    budget = target.budget
    latency = None if budget.max_latency_ns is None else int(budget.max_latency_ns / target.clock_ns + 1e-9)
    with written_beside(directory, MARKER) as unfinished:
        graph = formula_graph(
            program,
            unfinished,
            target=target,
            backend=backend,
            name=name,
            quantize_inputs=quantize_inputs,
            use_dsp=budget.max_dsp != 0 if use_dsp is None else use_dsp,
            max_latency=latency,
        )
        return write_graph(
            graph,
            directory,
            unfinished=unfinished,
            target=target,
            input_types=program.input_types,
            output_types=program.output_types,
            program=program,
        )


def formula_graph(
    program: Program,
    directory: Path,
    *,
    target: Target,
    backend: str = "Vitis",
    name: str = "formula",
    quantize_inputs: bool = False,
    use_dsp: bool = True,
    max_latency: int | None = None,
) -> ModelGraph:
    """Return a program as hls4ml's ``ModelGraph``, not yet written; arguments as for `write_hls`.

    Raises:
        InputError: the program has no inputs.
    """
    if not program.n_inputs:
        raise InputError("the program has no inputs: a circuit that computes a constant needs no HLS project")
    types = set(program.input_types)
    precision = hls4ml_precision(ExactType.common(types), next(iter(types)) if len(types) == 1 else None)
    layers = [
        {"class_name": "InputLayer", "name": "x", "input_shape": [program.n_inputs]},
        formula_layer(
            program, "y", quantize_inputs=quantize_inputs, use_dsp=use_dsp, max_latency=max_latency
        ),
    ]
    config = graph_config(directory, target=target, backend=backend, name=name)
    config["HLSConfig"]["LayerName"] = {"x": {"Precision": {"result": str(precision)}}}
    return ModelGraph.from_layer_list(config, layers)


def graph_config(directory: Path, *, target: Target, backend: str, name: str) -> dict[str, Any]:
    """Return hls4ml's configuration of a project, without the precision of any layer.

    Raises:
        InputError: the backend is unknown, or the name is no identifier.
    """
    if backend not in BACKENDS:
        raise InputError(f"backend '{backend}' is not one of {', '.join(BACKENDS)}")
    if not name.isidentifier() or not name.isascii() or name.startswith("_"):
        raise InputError(f"'{name}' cannot name a top function: use letters, digits and underscores")
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", target.part):
        # It goes into hls4ml's Tcl as it is.
        raise InputError(f"part '{target.part}' has characters that no part name has")
    return {
        "OutputDir": str(directory),
        "ProjectName": name,
        "Backend": backend,
        "Part": target.part,
        "ClockPeriod": target.clock_ns,
        "ClockUncertainty": CLOCK_UNCERTAINTY[backend],
        "IOType": "io_parallel",
        "HLSConfig": {
            "Model": {
                "Precision": {"default": "ap_fixed<16,6>"},
                "ReuseFactor": 1,
                "PipelineStyle": "pipeline",
                "PipelineInterval": 1,
            }
        },
        "WriterConfig": {
            "Namespace": None,
            "WriteWeightsTxt": False,
            "WriteTar": False,
            "WriteEmulationConstants": False,
            "TBOutputStream": "both",
        },
    }


def write_graph(
    graph: ModelGraph,
    directory: Path,
    *,
    unfinished: Path,
    target: Target,
    input_types: tuple[FixedType, ...],
    output_types: tuple[FixedType, ...],
    program: Program | None,
) -> HlsProject:
    """Write hls4ml's graph into the unfinished directory, with sr2hls' testbench in place of its own."""
    write_hls4ml_files(graph, unfinished)
    (source,), (sink,) = graph.get_input_variables(), graph.get_output_variables()
    project = HlsProject(
        directory=directory,
        name=graph.config.get_project_name(),
        backend=graph.config.backend.name,
        part=target.part,
        clock_ns=target.clock_ns,
        input_types=input_types,
        output_types=output_types,
        interface=(source.type.name, sink.type.name),
        program=program,
    )
    testbench = render("hls/testbench.cpp.j2", name=project.name, f=project.batch_function)
    (unfinished / f"{project.name}_test.cpp").write_text(testbench, encoding="ascii")
    graph.config.config["OutputDir"] = str(directory)
    data = asdict(project) | {"program": None if program is None else to_dict(program)}
    del data["directory"]
    (unfinished / MARKER).write_text(json.dumps(data, indent=1), encoding="utf-8")
    return project
