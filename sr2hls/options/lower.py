"""Options of ``lower``."""

from pathlib import Path
from typing import Annotated

from attrs import field, frozen
from attrs.converters import optional
from cyclopts import Parameter

from sr2hls.options.circuit import CircuitOptions
from sr2hls.options.values import (
    CIRCUIT,
    FORMULAS,
    NAMES,
    RANGES,
    RUNNING,
    Example,
    names,
    on_the_command_line,
    ordered,
    path,
    positional_first,
    seed_range,
    share,
    width,
)
from sr2hls.target import Budget

DEFAULT_ERROR, DEFAULT_BITS = 0.01, 10


@on_the_command_line
@frozen(kw_only=True, slots=False, field_transformer=positional_first)
class LowerOptions(CircuitOptions):
    """Options of `sr2hls.lower`."""

    source: Annotated[str, FORMULAS] = field(kw_only=False)
    """Hall of fame (.csv), run of PySR, file of formulas, or formulas with `;` between."""
    output: Annotated[Path, FORMULAS, Parameter(alias="-o")] = field(converter=path, kw_only=False)
    """Folder of the result; made if it is not there."""
    data: Annotated[Path | None, FORMULAS] = field(default=None, converter=optional(path))
    """Rows like those that will come: .npz, .npy, .csv, .parquet or .h5; with labels, scores are reported."""
    features: Annotated[tuple[str, ...] | None, FORMULAS, NAMES] = field(
        default=None, converter=optional(names)
    )
    """Input columns, separated by commas, in the order of the formulas' inputs; by default by name."""
    target_column: Annotated[str | None, FORMULAS] = None
    """Column or key of the labels."""
    drop_nonfinite: Annotated[bool, FORMULAS] = False
    """Leave out rows with NaN or infinity instead of refusing them."""
    ranges: Annotated[
        tuple[tuple[str, float, float], ...],
        FORMULAS,
        RANGES,
        Parameter(name=("--range", "--input-range")),
    ] = field(default=(), validator=ordered)
    """Range of an input, without --data."""
    choose: Annotated[str, FORMULAS] = "score"
    """Row of a hall of fame: `score`, `loss`, `index=3` or `complexity=12`."""
    operators: Annotated[Path | None, FORMULAS] = field(default=None, converter=optional(path))
    """TOML file with your own operators."""
    error: Annotated[float | None, CIRCUIT, Example("0.01")] = field(default=None, validator=share)
    """rms rounding error of each output, as a share of its standard deviation; no row is off by more than 30
    times that, or 2 % of the output's range where that is more. 0.01 by default."""
    input_bits: Annotated[int | None, CIRCUIT, Example("10")] = field(default=None, validator=width)
    """Width of each fixed-point input; by default 10, or as many more as the rounding of the inputs needs to
    keep `error`."""

    max_dsp: Annotated[int | None, CIRCUIT] = None
    """Most DSP blocks; none are used without this."""
    seed: Annotated[int, RUNNING] = field(default=0, validator=seed_range)
    """Of the rows drawn from --range."""

    @property
    def error_asked(self) -> float:
        """The error that every output keeps."""
        return DEFAULT_ERROR if self.error is None else self.error

    @property
    def budget(self) -> Budget:
        """Limits that the design has to meet."""
        return Budget(max_dsp=self.max_dsp)

    @property
    def source_path(self) -> Path | None:
        """The file or folder that `source` names, ``None`` where it is a formula itself."""
        file = Path(self.source)
        try:
            return file if self.source.strip() and file.exists() else None
        except (OSError, ValueError):  # no name of a file: too long, or with characters that none has
            return None
