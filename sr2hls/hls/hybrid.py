"""A network whose parts are layers and formulas, as one hls4ml project."""

import contextlib
import io
from functools import cache
from pathlib import Path
from typing import Any

import torch
from hls4ml.converters import convert_from_pytorch_model, register_pytorch_layer_handler
from hls4ml.model import ModelGraph
from hls4ml.utils import config_from_pytorch_model
from hls4ml.utils.torch import HLS4MLModule

from sr2hls.errors import InputError
from sr2hls.hls.cpp_types import ExactType
from sr2hls.hls.layer import exact_precision, formula_layer, hls4ml_precision
from sr2hls.hls.project import MARKER, HlsProject, graph_config, write_graph
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType
from sr2hls.store.directory import written_beside
from sr2hls.target import Target


class ProgramModule(HLS4MLModule):  # type: ignore[misc]  # hls4ml has no types
    """A program in the place of a part of a torch network.

    It computes what the hardware computes, bit for bit, and has no gradient. hls4ml's PyTorch converter turns
    it into a formula layer.

    Args:
        program: takes the last axis of what arrives, quantised to its input types.
        use_dsp: let multipliers become DSP blocks.
    """

    def __init__(self, program: Program, *, use_dsp: bool = True) -> None:
        super().__init__()
        self.program = program
        self.use_dsp = use_dsp
        self._interpreter = Interpreter(program)
        _register_handler()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the outputs, shape (samples, outputs), for inputs of the shape (samples, inputs)."""
        return torch.as_tensor(self._interpreter.predict(x.detach().cpu().numpy()), dtype=x.dtype)


@cache
def _register_handler() -> None:
    register_pytorch_layer_handler(ProgramModule.__name__, _parse_program_module)


def _parse_program_module(
    operation: str,
    layer_name: str,
    input_names: list[str],
    input_shapes: list[list[int | None]],
    node: Any,
    module: ProgramModule,
    reader: Any,
    config: dict[str, Any],
) -> tuple[dict[str, Any], list[int | None]]:
    """Return the layer and its output shape, as hls4ml's PyTorch converter wants them."""
    layer = formula_layer(module.program, layer_name, inputs=input_names, use_dsp=module.use_dsp)
    return layer, [*input_shapes[0][:-1], module.program.n_outputs]


def write_hybrid(
    network: torch.nn.Module,
    directory: Path,
    *,
    n_inputs: int,
    input_type: FixedType,
    target: Target,
    precision: str | dict[str, dict[str, str]] = "ap_fixed<16,6>",
    backend: str = "Vitis",
    name: str = "hybrid",
) -> HlsProject:
    """Write a torch network, some parts of which may be `ProgramModule`, as one hls4ml project.

    Args:
        network: one input of the shape (samples, n_inputs), one output; modules that hls4ml converts.
        directory: as in `sr2hls.hls.project.write_hls`.
        n_inputs: number of inputs.
        input_type: type in which they arrive.
        target: part and clock period.
        precision: ap_fixed type of weights, biases and results of the layers, or hls4ml's
            ``{layer: {"weight": ..., "bias": ..., "result": ...}}``. Formulas have their own types.
        backend: ``Vitis`` or ``Vivado``.
        name: of the top function.

    Raises:
        InputError: hls4ml cannot convert the network, or a name, backend or directory cannot be used.
    """
    with written_beside(directory, MARKER) as unfinished:
        config = graph_config(unfinished, target=target, backend=backend, name=name)
        graph = _convert(network.eval(), n_inputs, input_type, precision, config)
        sources, sinks = graph.get_input_variables(), graph.get_output_variables()
        if len(sources) != 1 or len(sinks) != 1:
            raise InputError(
                f"the network has {len(sources)} inputs and {len(sinks)} outputs; one of each can be written"
            )
        given = exact_precision(sinks[0].type.precision, "output")
        output_type = FixedType(given.signed, given.width, given.integer)
        return write_graph(
            graph,
            directory,
            unfinished=unfinished,
            target=target,
            input_types=(input_type,) * n_inputs,
            output_types=(output_type,) * int(sinks[0].size()),
            program=None,
        )


def _convert(
    network: torch.nn.Module,
    n_inputs: int,
    input_type: FixedType,
    precision: str | dict[str, dict[str, str]],
    config: dict[str, Any],
) -> ModelGraph:
    default = precision if isinstance(precision, str) else "ap_fixed<16,6>"
    said = io.StringIO()
    try:
        # hls4ml prints its progress.
        with contextlib.redirect_stdout(said):
            hls_config = config_from_pytorch_model(
                network,
                (n_inputs,),
                granularity="name",
                backend=config["Backend"],
                default_precision=default,
                default_reuse_factor=1,
            )
            _set_precision(hls_config, input_type, precision)
            hls_config["Model"] |= {"PipelineStyle": "pipeline", "PipelineInterval": 1}
            return convert_from_pytorch_model(
                network,
                output_dir=config["OutputDir"],
                project_name=config["ProjectName"],
                backend=config["Backend"],
                part=config["Part"],
                clock_period=config["ClockPeriod"],
                clock_uncertainty=config["ClockUncertainty"],
                io_type="io_parallel",
                hls_config=hls_config,
                write_weights_txt=False,
            )
    except InputError:
        raise
    except Exception as error:  # hls4ml raises bare Exception for whatever it does not support
        raise InputError(f"hls4ml cannot convert the network: {error}") from error


def _set_precision(
    hls_config: dict[str, Any], input_type: FixedType, precision: str | dict[str, dict[str, str]]
) -> None:
    layers: dict[str, Any] = hls_config["LayerName"]
    first = next(iter(layers))
    layers[first]["Precision"] = {"result": str(hls4ml_precision(ExactType.of(input_type), input_type))}
    if isinstance(precision, str):
        return
    for layer, types in precision.items():
        if layer not in layers:
            raise InputError(
                f"the network has no layer '{layer}'; hls4ml calls its layers {', '.join(layers)}"
            )
        layers[layer]["Precision"] |= types
