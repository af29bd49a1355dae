"""The quantised network as an hls4ml project, with the very types of `QuantizedNetwork`."""

import contextlib
import io
import math
from pathlib import Path
from typing import Any

import hls4ml
import numpy as np
import torch
from torch import nn

from sr2hls.baseline.quantised_network import QuantizedNetwork
from sr2hls.errors import InputError
from sr2hls.hls.write_hls4ml import CONFIG_NAME, write_hls4ml_files
from sr2hls.store.directory import written_beside
from sr2hls.target import Target

_MODULES: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}


def write_network(network: QuantizedNetwork, directory: Path, target: Target, backend: str) -> None:
    """Write the network as an hls4ml project; one that is there already is replaced.

    Raises:
        InputError: as `network_to_hls4ml`, or the directory is something else.
    """
    with written_beside(directory, CONFIG_NAME) as unfinished:
        graph = network_to_hls4ml(network, unfinished, target, backend)
        write_hls4ml_files(graph, unfinished)


def network_to_hls4ml(network: QuantizedNetwork, directory: Path, target: Target, backend: str) -> Any:
    """Return hls4ml's model of the network; its ``write()`` makes the project.

    With ReLU the project computes `QuantizedNetwork.run` bit for bit. Other activations are hls4ml's own
    tables, whose index rounds differently.

    Raises:
        InputError: an activation has no counterpart in hls4ml's dense networks.
    """
    module = nn.Sequential()
    precision: dict[str, dict[str, Any]] = {}
    frac = network.input_frac
    bits = max(t.integer + (not t.signed) for t in network.input_types) + frac
    input_type = f"ap_fixed<{bits},{bits - frac}>"
    for k, layer in enumerate(network.layers):
        weights = layer.weights * 2.0**-layer.weight_frac
        frac += layer.weight_frac
        bias = layer.bias * 2.0**-frac
        linear = nn.Linear(weights.shape[0], weights.shape[1])
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(weights.T))
            linear.bias.copy_(torch.tensor(bias))
        module.add_module(f"dense{k}", linear)
        sum_type = _exact_sum(layer.weights, layer.bias, bits, frac)
        weight_bits = 1 + int(np.abs(layer.weights).max()).bit_length()
        bias_bits = 1 + int(np.abs(layer.bias).max()).bit_length()
        precision[f"dense{k}"] = {
            "weight": f"ap_fixed<{weight_bits},{weight_bits - layer.weight_frac}>",
            "bias": f"ap_fixed<{bias_bits},{bias_bits - frac}>",
            "accum": sum_type,
            "result": sum_type,
        }
        if layer.activation == "linear":
            continue
        if layer.activation not in _MODULES or layer.result_type is None:
            raise InputError(
                f"activation '{layer.activation}' of layer {k} has no counterpart in the hls4ml project; "
                f"known are {', '.join(_MODULES)}"
            )
        module.add_module(f"act{k}", _MODULES[layer.activation]())
        precision[f"act{k}"] = {"result": str(layer.result_type)}
        frac = layer.result_type.frac
        bits = layer.result_type.width + (not layer.result_type.signed)
    # hls4ml prints the layers as it goes.
    with contextlib.redirect_stdout(io.StringIO()):
        shape = (network.layers[0].weights.shape[0],)
        config = hls4ml.utils.config_from_pytorch_model(
            module, shape, granularity="name", backend=backend, default_precision="ap_fixed<32,16>"
        )
        for name, entry in config["LayerName"].items():
            entry["Precision"] = precision.get(name, {"result": input_type})
        return hls4ml.converters.convert_from_pytorch_model(
            module,
            hls_config=config,
            backend=backend,
            output_dir=str(directory),
            project_name="network",
            part=target.part,
            clock_period=target.clock_ns,
            io_type="io_parallel",
        )


def _exact_sum(weights: np.ndarray, bias: np.ndarray, input_bits: int, frac: int) -> str:
    """Return a type that holds every sum of a layer exactly."""
    largest = int((np.abs(weights).sum(axis=0) * (1 << input_bits) + np.abs(bias)).max())
    width = 1 + max(1, math.ceil(math.log2(largest + 1)))
    return f"ap_fixed<{width},{width - frac}>"
