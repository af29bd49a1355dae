"""A program as a layer of hls4ml: usable alone, or between the layers of a network.

It goes through hls4ml's extension API, so that Vivado and Vitis backends write it into their projects like
any other layer. The whole formula is the layer's configuration: nothing is shared between layers or projects.
"""

import json
from functools import cache
from typing import Any, ClassVar

from hls4ml.backends import get_backend
from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate
from hls4ml.model.attributes import Attribute
from hls4ml.model.layers import Layer, register_layer
from hls4ml.model.types import (
    FixedPrecisionType,
    IntegerPrecisionType,
    PrecisionType,
    RoundingMode,
    SaturationMode,
)

from sr2hls.errors import InputError
from sr2hls.hls.cpp import BACKENDS, emit, formula
from sr2hls.hls.cpp_types import ExactType
from sr2hls.program.program import Program
from sr2hls.program.serialize import from_dict, to_dict
from sr2hls.program.types import FixedType
from sr2hls.templates import template_path


class SymbolicFormula(Layer):  # type: ignore[misc]  # hls4ml has no types
    """hls4ml layer that computes a program: inputs (n_in,), outputs (n_out,)."""

    _expected_attributes: ClassVar[list[Attribute]] = [
        Attribute("program", value_type=str, description="the program as JSON"),
        Attribute("quantize_inputs", value_type=bool, default=True),
        Attribute("use_dsp", value_type=bool, default=True),
        Attribute("max_latency", value_type=int, default=-1),
    ]

    @property
    def program(self) -> Program:
        """The program that the layer computes."""
        return from_dict(json.loads(self.get_attr("program")))

    def initialize(self) -> None:
        """Add the output, in the narrowest type that holds all outputs of the program.

        Raises:
            InputError: the layer before gives another number of values.
        """
        program = self.program
        n = self.get_input_variable().size()
        if n != program.n_inputs:
            raise InputError(
                f"layer '{self.name}' gets {n} values from '{self.inputs[0]}', but its program takes "
                f"{program.n_inputs}"
            )
        precision = hls4ml_precision(ExactType.common(program.output_types))
        self.add_output_variable([program.n_outputs], precision=precision)


class _FormulaConfig(LayerConfigTemplate):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(SymbolicFormula)

    def format(self, node: Any) -> str:
        latency = node.get_attr("max_latency")
        described = formula(
            node.program,
            f"config{node.index}",
            backend=node.model.config.backend.name,
            quantize_inputs=node.get_attr("quantize_inputs"),
            use_dsp=node.get_attr("use_dsp"),
            max_latency=None if latency < 0 else latency,
            input_type=exact_precision(node.get_input_variable().type.precision, node.name),
        )
        return emit(described)


class _FormulaCall(FunctionCallTemplate):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(SymbolicFormula, include_header=["nnet_utils/nnet_sr2hls.h"])

    def format(self, node: Any) -> str:
        call = "nnet::symbolic_formula<{input_t}, {output_t}, {config}>({input}, {output});"
        return call.format(**self._default_function_params(node))


@cache
def register() -> None:
    """Make hls4ml know the layer, once a process."""
    register_layer("SymbolicFormula", SymbolicFormula)
    for name in BACKENDS:
        backend = get_backend(name)
        backend.register_template(_FormulaConfig)
        backend.register_template(_FormulaCall)
        backend.register_source(template_path("hls/nnet_sr2hls.h"))


def formula_layer(
    program: Program,
    name: str,
    *,
    inputs: list[str] | None = None,
    quantize_inputs: bool = True,
    use_dsp: bool = True,
    max_latency: int | None = None,
) -> dict[str, Any]:
    """Return a program as an entry of the layer list of ``ModelGraph.from_layer_list``.

    Args:
        program: what the layer computes; its inputs are the values of the layer before it, in their order.
        name: of the layer; an identifier.
        inputs: names of the layers before it; by default the one before it in the list.
        quantize_inputs: quantise what arrives to the types of the program's inputs. Between layers this is
            needed wherever the layer before has other types.
        use_dsp: let multipliers become DSP blocks.
        max_latency: most clock cycles, if limited.

    Raises:
        InputError: the name cannot name a layer.
    """
    register()
    if not name.isidentifier() or not name.isascii():
        raise InputError(f"'{name}' cannot name a layer: use letters, digits and underscores")
    layer: dict[str, Any] = {
        "class_name": "SymbolicFormula",
        "name": name,
        "program": json.dumps(to_dict(program)),
        "quantize_inputs": quantize_inputs,
        "use_dsp": use_dsp,
        "max_latency": -1 if max_latency is None else max_latency,
    }
    return layer if inputs is None else layer | {"inputs": list(inputs)}


def hls4ml_precision(type_: ExactType, like: FixedType | None = None) -> FixedPrecisionType:
    """Return a type as hls4ml's, with the modes of ``like`` (default: truncate and wrap)."""
    return FixedPrecisionType(
        width=type_.width,
        integer=type_.integer,
        signed=type_.signed,
        rounding_mode=RoundingMode.from_string(like.rounding.value) if like else RoundingMode.TRN,
        saturation_mode=SaturationMode.from_string(like.overflow.value) if like else SaturationMode.WRAP,
    )


def exact_precision(precision: PrecisionType, where: str) -> ExactType:
    """Return the bits of one of hls4ml's types.

    Raises:
        InputError: it is not a fixed-point type.
    """
    if isinstance(precision, FixedPrecisionType):
        return ExactType(bool(precision.signed), precision.width, precision.width - precision.integer)
    if isinstance(precision, IntegerPrecisionType):
        return ExactType(bool(precision.signed), precision.width, 0)
    raise InputError(f"layer '{where}' gets values of type {precision}: give it a fixed-point precision")
