"""Options of everything that ends with a circuit."""

from typing import Annotated

from attrs import field, frozen
from cyclopts import Parameter

from sr2hls.errors import InputError
from sr2hls.options.choices import Backend, Synthesis
from sr2hls.options.values import (
    CIRCUIT,
    HIDDEN,
    RUNNING,
    TYPES,
    Example,
    not_negative,
    on_the_command_line,
    width,
)
from sr2hls.target import Budget, Target


@on_the_command_line
@frozen(kw_only=True, slots=False)
class CircuitOptions:
    """Options of a circuit: its inputs, its target and the tools."""

    input_types: Annotated[
        tuple[tuple[str, str], ...],
        CIRCUIT,
        TYPES,
        Parameter(name="--input-type"),
        Example('mass = "ap_fixed<8,3>"'),
    ] = ()
    """Fixed-point types of single inputs, e.g. `mass=ap_fixed<8,3>`."""
    with_argmax: Annotated[bool, CIRCUIT] = False
    """Build the decision, too: an output `class_index`, of equal scores the first; its LUTs are counted."""
    with_scaler: Annotated[bool, CIRCUIT] = False
    """Take raw features in fixed point and build their scaling, rounding and saturation; LUTs are counted."""
    raw_bits: Annotated[int, CIRCUIT] = field(default=11, validator=width)
    """Width of each raw feature with --with-scaler; sign and binary point come from the data. 11 bits are two
    tables of at most 6 and one adder."""
    raw_types: Annotated[
        tuple[tuple[str, str], ...],
        CIRCUIT,
        TYPES,
        Parameter(name="--raw-type"),
        Example('mass = "ap_fixed<16,10>"'),
    ] = ()
    """Fixed-point types of single raw features, e.g. `mass=ap_fixed<16,10>`."""
    part: Annotated[str, CIRCUIT] = Target().part
    """FPGA part, its full name."""
    clock_ns: Annotated[float, CIRCUIT] = Target().clock_ns
    """Clock period, ns."""
    backend: Annotated[Backend, CIRCUIT] = field(default=Backend.VITIS, converter=Backend)
    """hls4ml backend of the HLS project."""
    synthesis: Annotated[Synthesis, CIRCUIT] = field(default=Synthesis.YOSYS, converter=Synthesis)
    """Tool that gives latency and resources."""
    prove_s: Annotated[float, CIRCUIT, Parameter(name="--prove")] = field(
        default=30.0, validator=not_negative
    )
    """Seconds to prove each claim about formulas, Verilog and mapped netlist; 0 only tests them."""
    overwrite: Annotated[bool, RUNNING] = False
    """Start afresh in a folder that holds a result; otherwise finished stages are kept."""
    command: Annotated[tuple[str, ...], HIDDEN] = ()
    """The command line, word by word, for the report; it decides nothing."""

    def __attrs_post_init__(self) -> None:
        if self.raw_types and not self.with_scaler:
            raise InputError(
                "--raw-type says how features come to --with-scaler: give that, too, or leave it out"
            )
        _ = self.target  # refuses a part, clock period or budget that there cannot be

    @property
    def budget(self) -> Budget:
        """Limits that the design has to meet."""
        return Budget()

    @property
    def target(self) -> Target:
        """Part, clock period and budgets."""
        return Target(self.part, self.clock_ns, self.budget)
