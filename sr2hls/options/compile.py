"""Options of ``compile``."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from attrs import field, frozen
from attrs.converters import optional
from cyclopts import Parameter

from sr2hls.errors import InputError
from sr2hls.options.choices import Cost, Effort, StrategyName, Tables
from sr2hls.options.circuit import CircuitOptions
from sr2hls.options.network import NetworkOptions
from sr2hls.options.values import (
    BUDGETS,
    CIRCUIT,
    INPUTS,
    NAMES,
    NUMBERS,
    RUNNING,
    SEARCH,
    YES_OR_NO,
    Example,
    at_least_one,
    names,
    on_the_command_line,
    path,
    weighing,
    width,
)
from sr2hls.target import Budget


def _strategies(value: Iterable[str]) -> tuple[StrategyName, ...]:
    return tuple(StrategyName(one) for one in names(value))


@on_the_command_line
@frozen(kw_only=True, slots=False)
class CompileOptions(CircuitOptions, NetworkOptions):
    """Options of `sr2hls.compile`: the same as the command's flags and the keys of its TOML file."""

    task: Annotated[str | None, INPUTS, Example('"logits"')] = None
    """`logits`, `probabilities` or `regression`, where the guess from the network is wrong."""
    weight_column: Annotated[str | None, INPUTS, Example('"weight"')] = None
    """Column or key of the rows' weights: how much each counts in what every strategy learns, and in the
    score that designs are judged by."""
    class_weights: Annotated[
        tuple[tuple[str, float], ...],
        INPUTS,
        NUMBERS,
        Parameter(name="--class-weight"),
        Example("signal = 10.0"),
    ] = field(default=(), validator=weighing)
    """Weights of the rows of single classes, e.g. `signal=10`, besides those of --weight-column; others
    have 1."""
    classes: Annotated[tuple[str, ...] | None, INPUTS, NAMES, Example('["g", "q", "w", "z", "t"]')] = field(
        default=None, converter=optional(names)
    )
    """Names of the classes in the order of the network's outputs, by commas, where labels are words."""
    scaler: Annotated[str, INPUTS] = "auto"
    """Affine map before the circuit: `auto` (`decimal` for readable formulas, else `range`), `checkpoint`
    (the one at the network's front), one fitted on the training split (`range`: what each feature's bits
    resolve best, `decimal`: powers of ten, so that formulas over the features have the circuit's own
    constants, `standard`, `robust`, `power-of-two`, `identity`), or a file with one. It is written out beside
    the design."""
    input_bits: Annotated[int, CIRCUIT] = field(default=6, validator=width)
    """Width of each fixed-point input; range and binary point come from the data."""
    max_latency_ns: Annotated[float | None, BUDGETS, Example("10.0")] = None
    """Most latency, ns."""
    max_lut: Annotated[int | None, BUDGETS, Example("400")] = None
    """Most LUTs."""
    max_dsp: Annotated[int | None, BUDGETS, Example("0")] = None
    """Most DSP blocks; no design uses any without this."""
    max_bram: Annotated[int | None, BUDGETS, Example("0")] = None
    """Most block RAMs."""
    min_fidelity: Annotated[float | None, BUDGETS, Example("0.9")] = None
    """Least agreement with the network (regression: R² to it), 0 to 1."""
    max_nodes: Annotated[int | None, BUDGETS, Example("100")] = field(default=None, validator=at_least_one)
    """Most nodes (operators, variables, constants) of all printed formulas together; only readable designs
    meet it."""
    cost: Annotated[Cost | None, SEARCH, Example('"measured"')] = field(
        default=None, converter=optional(Cost)
    )
    """What the search counts (see `sr2hls costs`); by default cycles for PySR, estimated LUTs for others."""
    objective: Annotated[str | None, SEARCH, Example('"accuracy"')] = None
    """What designs are judged by: `accuracy`, `auc`, `efficiency@0.01` (signal at a background rate), `r2` or
    `mae`; by default accuracy or R², or where signal is rare the efficiency at the network's own rate."""
    effort: Annotated[Effort, SEARCH] = field(default=Effort.MEDIUM, converter=Effort)
    """How much to search."""
    strategies: Annotated[tuple[StrategyName, ...], SEARCH, Parameter(name="--strategy")] = field(
        default=tuple(StrategyName), converter=_strategies
    )
    """Ways to find designs: `readable` (short formulas of all outputs together), `fronts` (one formula an
    output), `additive` (sums of functions of one input), `lut-network` (sums of tables of few bits); all if
    not given."""
    tables: Annotated[Tables | None, SEARCH, Example('"symbolic"')] = field(
        default=None, converter=optional(Tables)
    )
    """Tables of LUT networks and readable formulas: `symbolic` keeps their formulas, `free` lets entries move
    and reports how many did; if not given, LUT networks have both, and readable formulas stay."""
    template: Annotated[str | None, SEARCH, Example('"a*f(mass) + g(pt, eta)"')] = None
    """Features that may come together in a term of readable formulas, e.g. `a*f(mass) + g(pt, eta)`."""
    start: Annotated[str | None, SEARCH, Example('"formulas.txt"')] = None
    """Formulas over the features, one an output, that the search of readable ones starts from: a file, or
    text with `;` between."""
    operators: Annotated[Path | None, SEARCH, Example('"operators.toml"')] = field(
        default=None, converter=optional(path)
    )
    """TOML file with your own operators; those of one input become terms of readable formulas."""
    explored: Annotated[Path | None, SEARCH, Example('"study"')] = field(
        default=None, converter=optional(path)
    )
    """Output of `sr2hls explore`: take the best of its designs that meets the budgets, and search no more."""
    design: Annotated[str | None, SEARCH, Example('"additive-100"')] = None
    """Name of the design to take from --explored."""
    baseline: Annotated[bool, RUNNING, YES_OR_NO] = True
    """Put the original network through the same tools."""
    jobs: Annotated[int | None, RUNNING, Parameter(alias="-j"), Example("2")] = field(
        default=None, validator=at_least_one
    )
    """Processes to use; by default one a core."""

    def __attrs_post_init__(self) -> None:
        CircuitOptions.__attrs_post_init__(self)
        if not self.strategies:
            raise InputError("strategies: name at least one of " + ", ".join(StrategyName))
        if self.design is not None and self.explored is None:
            raise InputError(f"the design '{self.design}' of which exploration? Give --explored as well")

    @property
    def budget(self) -> Budget:
        """Limits that the chosen design has to meet."""
        return Budget(
            self.max_latency_ns,
            self.max_lut,
            self.max_dsp,
            self.max_bram,
            self.min_fidelity,
            self.max_nodes,
        )
