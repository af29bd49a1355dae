"""What a user asks of ``compile``: the same fields as the command's flags and the keys of its TOML file."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

from sr2hls.errors import InputError
from sr2hls.target import Target

_Options = TypeVar("_Options", bound="CompileOptions")


class Engine(StrEnum):
    """Search engines; ``auto`` takes Operon, or PySR where only PySR does what is asked for."""

    AUTO = "auto"
    OPERON = "operon"
    PYSR = "pysr"
    EQL = "eql"


class Effort(StrEnum):
    """How long to search when no time is given."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Backend(StrEnum):
    """hls4ml backends that the HLS project can be written for."""

    VITIS = "Vitis"
    VIVADO = "Vivado"


class Synthesis(StrEnum):
    """Tools that give latency and resources."""

    ESTIMATE = "estimate"
    """sr2hls' own cost model: no tool is run."""
    YOSYS = "yosys"
    """Yosys for the part's family; alkaid's delay model for latency."""
    ECP5 = "ecp5"
    """Yosys and nextpnr for Lattice ECP5: placed and routed."""
    VITIS = "vitis"
    """Vitis HLS, if installed: C simulation and C synthesis."""
    VITIS_COSIM = "vitis-cosim"
    """The same, and the design's RTL simulated against the interpreter's outputs."""
    VIVADO = "vivado"
    """Vivado, if installed: synthesis out of context."""
    VIVADO_ROUTED = "vivado-routed"
    """The same, then place and route."""

    @property
    def takes_hls(self) -> bool:
        """Whether the tool synthesises the HLS project, not the RTL."""
        return self in (Synthesis.VITIS, Synthesis.VITIS_COSIM)


class Cost(StrEnum):
    """What the search takes operators to cost."""

    ESTIMATED = "estimated"
    """LUTs by the structure of the fabric."""
    MEASURED = "measured"
    """LUTs as `sr2hls costs measure` found them on the target's family; the tables come with sr2hls."""
    CYCLES = "cycles"
    """Clock cycles of all operators added up."""
    PATH = "path"
    """Clock cycles of the longest path."""
    COMBINED = "combined"
    """LUTs, and clock cycles of the longest path."""


class Structure(StrEnum):
    """Kinds of designs that an exploration makes."""

    SUM = "sum"
    """Each output a sum of functions of one input, each with a formula."""
    CASCADE = "cascade"
    """A cascade of functions of one or two values of few bits, each with a formula."""


class Tables(StrEnum):
    """What a table may be."""

    SYMBOLIC = "symbolic"
    """The rounded values of its formula, whose constants are fitted."""
    FREE = "free"
    """Its entries start at its formula and may move; how far they moved is reported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileOptions:
    """Options of `sr2hls.compile`.

    Attributes:
        checkpoint: the trained network: .onnx, TorchScript .pt, ``torch.export`` .pt2 or a state_dict.
        data: .npz, .npy, .csv, .parquet or .h5 with one row a sample.
        output: folder of the result; made if it is not there.
        model: ``module:factory`` that builds the network a state_dict belongs to.
        allow_pickle: load whole pickled modules, which runs code from the file.
        task: what the outputs mean, ``logits``, ``probabilities`` or ``regression``; ``None`` guesses from
            the network's last operation.
        target_column: column or key of the labels; ``None`` takes ``y``, ``label`` or ``target`` if there.
        features: columns that are inputs, in the order of the network; ``None`` means all but the labels.
        scaler: affine map upstream of the circuit: ``auto`` (the range of each feature that uses the bits
            best), ``checkpoint`` (the one at the network's front), a kind fitted on the training split
            (``range``, ``standard``, ``robust``, ``power-of-two``, ``identity``), or a file with one. It is
            written out beside the design.
        drop_nonfinite: leave rows with NaN or infinity out instead of refusing them.
        input_bits: width of each fixed-point input; range and binary point come from the data.
        input_types: fixed-point types of single inputs, pairs of feature name and e.g. ``ap_fixed<8,3>``.
        target: part, clock and budgets.
        cost: what the search takes operators to cost; ``None``: clock cycles for PySR, LUTs for the others.
        pysr: TOML file with PySR's own settings (`sr2hls.search.pysr.settings_file`).
        engine: search engine.
        effort: how much to search.
        time_s: seconds for the search; ``None`` lets `effort` decide.
        seed: seed of every random choice: same seed, same result.
        backend: hls4ml backend of the HLS project.
        synthesis: tool that gives latency and resources.
        explored: output of an exploration whose designs are taken instead of a search.
        design: name of the one to take; ``None`` takes the best that meets the budgets.
        baseline: put the original network through the same tools for the comparison.
        jobs: processes to use; ``None`` means one a core.
        overwrite: start afresh in a folder that holds a result; otherwise finished stages are kept.
        command: the command line, word by word, for the report; it decides nothing.
    """

    checkpoint: Path
    data: Path
    output: Path
    model: str | None = None
    allow_pickle: bool = False
    task: str | None = None
    target_column: str | None = None
    features: tuple[str, ...] | None = None
    scaler: str = "auto"
    drop_nonfinite: bool = False
    input_bits: int = 6
    input_types: tuple[tuple[str, str], ...] = ()
    target: Target = field(default_factory=Target)
    cost: Cost | None = None
    pysr: Path | None = None
    engine: Engine = Engine.AUTO
    effort: Effort = Effort.MEDIUM
    time_s: float | None = None
    seed: int = 0
    backend: Backend = Backend.VITIS
    synthesis: Synthesis = Synthesis.YOSYS
    explored: Path | None = None
    design: str | None = None
    baseline: bool = True
    jobs: int | None = None
    overwrite: bool = False
    command: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.input_bits <= 24:
            raise InputError(f"input_bits is {self.input_bits}: give a width from 1 to 24")
        if self.time_s is not None and not 0 < self.time_s < float("inf"):
            raise InputError(f"time_s is {self.time_s}: give a number of seconds above 0")
        if self.jobs is not None and self.jobs < 1:
            raise InputError(f"jobs is {self.jobs}: give a number of at least 1")
        if not 0 <= self.seed < 2**32:
            raise InputError(f"seed is {self.seed}: give an integer from 0 to 4294967295")
        if self.features is not None and len(set(self.features)) != len(self.features):
            twice = next(f for f in self.features if self.features.count(f) > 1)
            raise InputError(f"the feature '{twice}' is given twice: name each input once")
        if self.design is not None and self.explored is None:
            raise InputError(f"the design '{self.design}' of which exploration? Give --explored as well")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExploreOptions(CompileOptions):
    """Options of `sr2hls.explore`: those of a compilation, and which designs are wanted.

    Attributes:
        luts: sizes to make designs for, in LUTs, about; from each, one of each structure.
        structures: kinds of designs.
        tables: what the tables of cascades may be; ``None`` makes both.
    """

    luts: tuple[int, ...] = (50, 100, 200, 400)
    structures: tuple[Structure, ...] = (Structure.SUM, Structure.CASCADE)
    tables: Tables | None = None

    def __post_init__(self) -> None:
        # Zero-argument super() does not work in data classes with slots.
        CompileOptions.__post_init__(self)
        if not self.luts or min(self.luts) < 1:
            raise InputError("luts: give at least one size, of at least 1 LUT")
        if not self.structures:
            raise InputError("structures: name at least one of " + ", ".join(Structure))


def options_of(
    kind: type[_Options],
    checkpoint: str | Path,
    data: str | Path,
    output: str | Path,
    target: Target,
    more: Mapping[str, Any],
) -> _Options:
    """Return options from the arguments of a call.

    Raises:
        InputError: one of them is no option, or has a value that it cannot have.
    """
    known = {f.name for f in fields(kind)}
    unknown = sorted(set(more) - known)
    if unknown:
        raise InputError(f"unknown option '{unknown[0]}': {kind.__name__} has {', '.join(sorted(known))}")
    hints = get_type_hints(kind)
    given = {name: _given(name, hints[name], value) for name, value in more.items()}
    return kind(checkpoint=Path(checkpoint), data=Path(data), output=Path(output), target=target, **given)


def _given(name: str, hint: Any, value: Any) -> Any:
    """Return a value as its field has it: words become choices (``effort="low"``) and paths.

    Raises:
        InputError: there is no such choice.
    """
    kinds = [t for t in (hint, *get_args(hint)) if isinstance(t, type)]
    if Path in kinds and isinstance(value, str):
        return Path(value)
    choices = next((t for t in kinds if issubclass(t, StrEnum)), None)
    if choices is None or value is None:
        return value
    if not isinstance(value, str):
        return tuple(_given(name, choices, one) for one in value)
    if value not in list(choices):
        raise InputError(f"{name} is '{value}': give one of {', '.join(choices)}")
    return choices(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class LowerOptions:
    """Options of `sr2hls.lower.lower_formulas`.

    Attributes:
        source: a hall of fame (CSV file), a run directory of PySR, a file of formulas, or a formula.
        output: folder of the result; made if it is not there.
        data: rows that the inputs will look like, as for `CompileOptions`; with labels, scores are reported.
        features: columns that are the formulas' inputs, in their order; ``None`` finds them by name.
        target_column: column or key of the labels.
        ranges: least and largest value of each input, where there are no data.
        choose: row of a hall of fame: ``score``, ``loss``, ``index=3`` or ``complexity=12``.
        operators: TOML file with the user's own operators.
        error: rms rounding error of each output as a share of its standard deviation.
        input_bits: width of each fixed-point input.
        input_types: fixed-point types of single inputs, pairs of name and e.g. ``ap_fixed<8,3>``.
        target: part, clock and budgets.
        backend: hls4ml backend of the HLS project.
        synthesis: tool that gives latency and resources.
        seed: of the rows drawn from ``ranges``.
        overwrite: replace the result that the folder holds.
        command: the command line, word by word, for the report.
    """

    source: str
    output: Path
    data: Path | None = None
    features: tuple[str, ...] | None = None
    target_column: str | None = None
    ranges: tuple[tuple[str, float, float], ...] = ()
    choose: str = "score"
    operators: Path | None = None
    error: float = 0.01
    input_bits: int = 10
    input_types: tuple[tuple[str, str], ...] = ()
    target: Target = field(default_factory=Target)
    backend: Backend = Backend.VITIS
    synthesis: Synthesis = Synthesis.YOSYS
    seed: int = 0
    overwrite: bool = False
    command: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < self.error < 1:
            raise InputError(f"error is {self.error}: give a share above 0 and below 1, e.g. 0.01")
        if not 1 <= self.input_bits <= 24:
            raise InputError(f"input_bits is {self.input_bits}: give a width from 1 to 24")
        for name, low, high in self.ranges:
            if not -float("inf") < low < high < float("inf"):
                raise InputError(
                    f"the range of '{name}' is {low:g} to {high:g}: give a smaller and a larger number"
                )

    @property
    def source_path(self) -> Path | None:
        """The file or folder that `source` names, ``None`` where it is a formula itself."""
        path = Path(self.source)
        try:
            return path if self.source.strip() and path.exists() else None
        except (OSError, ValueError):  # no name of a file: too long, or with characters that none has
            return None


class SearchLoss(StrEnum):
    """What a search minimises; ``auto`` takes ``log`` for targets of one sign over more than two decades."""

    AUTO = "auto"
    MSE = "mse"
    """Mean squared error."""
    LOG = "log"
    """Mean squared error of the logarithm: relative errors."""


class SearchCost(StrEnum):
    """What a formula costs while it is searched for."""

    CYCLES = "cycles"
    """Clock cycles of all operators added up, as arXiv 2305.04099 does."""
    PATH = "path"
    """Clock cycles of the longest path."""
    AREA = "area"
    """LUTs."""
    COMBINED = "combined"
    """LUTs, and clock cycles of the longest path at `StudyOptions.luts_a_cycle`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyOptions:
    """Options of `sr2hls.study.search_data`.

    Attributes:
        data: .npz, .npy, .csv, .parquet or .h5 with inputs and targets, a row a sample.
        output: folder of the result; a study that is in it goes on.
        target_column: columns or key of the targets; ``None`` takes the usual names.
        features: columns that are inputs; ``None`` means all others.
        operators: operators that formulas may use.
        definitions: TOML file with operators of the user's own.
        cost: what formulas cost; ``None``: clock cycles added up where PySR searches, else combined.
        cost_table: TOML or JSON file with costs of operators, in place of those that come with sr2hls.
        precision: fixed-point type that costs hold for; one of the published ones for clock cycles.
        luts_a_cycle: what a cycle counts in the combined cost.
        engines: search engines; each searches every output with every seed.
        seeds: seeds of the searches.
        max_size: largest number of nodes of a formula.
        restarts: restarts of the embedded engine.
        loss: what is minimised.
        time_s: seconds for one search; ``None``: the engine's budget alone decides.
        jobs: local processes.
        scheduler: address of a Dask scheduler to search on instead.
        pysr: TOML file with PySR's own settings (`sr2hls.search.pysr.settings_file`).
    """

    data: Path
    output: Path
    target_column: str | None = None
    features: tuple[str, ...] | None = None
    operators: tuple[str, ...] = ("+", "-", "*", "/", "sin", "exp")
    definitions: Path | None = None
    cost: SearchCost | None = None
    cost_table: Path | None = None
    precision: str = "ap_fixed<16,6>"
    luts_a_cycle: float = 50.0
    engines: tuple[str, ...] = ("auto",)
    seeds: tuple[int, ...] = (0,)
    max_size: int = 30
    restarts: int = 4
    loss: SearchLoss = SearchLoss.AUTO
    time_s: float | None = None
    jobs: int = 1
    scheduler: str | None = None
    pysr: Path | None = None

    def __post_init__(self) -> None:
        if self.jobs < 1:
            raise InputError(f"jobs is {self.jobs}: give a number of at least 1")
        if self.time_s is not None and not 0 < self.time_s < float("inf"):
            raise InputError(f"time_s is {self.time_s}: give a number of seconds above 0")
        if not 0 < self.luts_a_cycle < float("inf"):
            raise InputError(f"luts_a_cycle is {self.luts_a_cycle}: give a number above 0")
