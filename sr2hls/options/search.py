"""Options of ``search``."""

from pathlib import Path
from typing import Annotated

from attrs import field, frozen
from attrs.converters import optional
from cyclopts import Parameter

from sr2hls.options.choices import SearchCost, SearchLoss
from sr2hls.options.values import (
    DATA,
    INTEGERS,
    NAMES,
    RUNNING,
    SEARCH,
    WORDS,
    above_zero,
    at_least_one,
    integers,
    names,
    on_the_command_line,
    path,
    seconds,
)


@on_the_command_line
@frozen(kw_only=True, slots=False)
class StudyOptions:
    """Options of `sr2hls.search_data`."""

    data: Annotated[Path, DATA] = field(converter=path, kw_only=False)
    """.npz, .npy, .csv, .parquet or .h5 with inputs and targets, a row a sample."""
    output: Annotated[Path, DATA, Parameter(alias="-o")] = field(converter=path, kw_only=False)
    """Folder of the result; a study that is in it goes on."""
    target_column: Annotated[str | None, DATA] = None
    """Columns or key of the targets; by default the usual names."""
    features: Annotated[tuple[str, ...] | None, DATA, NAMES] = field(default=None, converter=optional(names))
    """Input columns, separated by commas; by default all others."""
    drop_nonfinite: Annotated[bool, DATA] = False
    """Leave out rows with NaN or infinity instead of refusing them."""
    operators: Annotated[tuple[str, ...], SEARCH, WORDS] = field(
        default=("+", "-", "*", "/", "sin", "exp"), converter=names
    )
    """Operators that formulas may use, separated by commas or blanks."""
    definitions: Annotated[Path | None, SEARCH] = field(default=None, converter=optional(path))
    """TOML file with your own operators."""
    cost: Annotated[SearchCost | None, SEARCH] = field(default=None, converter=optional(SearchCost))
    """What a formula costs; by default cycles for PySR, combined for others."""
    cost_table: Annotated[Path | None, SEARCH] = field(default=None, converter=optional(path))
    """TOML or JSON file with costs of operators, in place of those that come with sr2hls."""
    precision: Annotated[str, SEARCH] = "ap_fixed<16,6>"
    """Fixed-point type that costs hold for; one of the published ones for clock cycles."""
    luts_a_cycle: Annotated[float, SEARCH] = field(default=50.0, validator=above_zero)
    """What a cycle counts in the combined cost."""
    engines: Annotated[tuple[str, ...], SEARCH, WORDS] = field(default=("auto",), converter=names)
    """`auto`, `operon`, `pysr`, `eql`, or several; each searches every output with every seed."""
    seeds: Annotated[tuple[int, ...], SEARCH, INTEGERS] = field(default=(0,), converter=integers)
    """Seeds of the searches, separated by commas."""
    max_size: Annotated[int, SEARCH] = 30
    """Most nodes of a formula."""
    restarts: Annotated[int, SEARCH] = 4
    """Restarts of the embedded engine."""
    loss: Annotated[SearchLoss, SEARCH] = field(default=SearchLoss.AUTO, converter=SearchLoss)
    """`mse`, `log` (relative errors), or `auto`: log over many decades."""
    time_s: Annotated[float | None, SEARCH, Parameter(name="--time")] = field(default=None, validator=seconds)
    """Seconds for one search; by default the engine's budget alone decides."""
    pysr: Annotated[Path | None, SEARCH] = field(default=None, converter=optional(path))
    """TOML file with PySR's own settings: iterations, units, constraints, a template. PySR runs its strings
    as Julia code."""
    jobs: Annotated[int, RUNNING] = field(default=1, validator=at_least_one)
    """Local processes."""
    scheduler: Annotated[str | None, RUNNING] = None
    """Dask scheduler to search on instead, e.g. `tcp://10.0.0.1:8786`."""
