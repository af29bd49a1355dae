"""Options of everything that begins with a trained network and its data."""

from pathlib import Path
from typing import Annotated

from attrs import field, frozen
from attrs.converters import optional
from cyclopts import Parameter

from sr2hls.options.choices import EngineName
from sr2hls.options.values import (
    INPUTS,
    NAMES,
    SEARCH,
    Example,
    each_once,
    names,
    on_the_command_line,
    path,
    seconds,
    seed_range,
)


@on_the_command_line
@frozen(kw_only=True, slots=False)
class NetworkOptions:
    """Options of a search for what a network computes."""

    checkpoint: Annotated[Path, INPUTS] = field(converter=path, kw_only=False)
    """The trained network: .onnx, TorchScript .pt, torch.export .pt2 or a state_dict."""
    data: Annotated[Path, INPUTS] = field(converter=path, kw_only=False)
    """.npz, .npy, .csv, .parquet or .h5 with one row a sample."""
    output: Annotated[Path, INPUTS, Parameter(alias="-o")] = field(converter=path, kw_only=False)
    """Folder of the result; made if it is not there."""
    model: Annotated[str | None, INPUTS, Example('"network:build"')] = None
    """`module:factory` that builds the network of a state_dict; its code is run."""
    allow_pickle: Annotated[bool, INPUTS] = False
    """Load whole pickled modules. This runs code from the file: only for files you trust."""
    features: Annotated[tuple[str, ...] | None, INPUTS, NAMES, Example('["mass", "multiplicity"]')] = field(
        default=None, converter=optional(names), validator=each_once
    )
    """Input columns, separated by commas, in the order of the network; by default all but the labels."""
    head: Annotated[str | None, INPUTS, Example('"class"')] = None
    """The output to distil, where the network has several: its name (ONNX), or its number or key (torch)."""
    target_column: Annotated[str | None, INPUTS, Example('"label"')] = None
    """Column or key of the labels; by default `y`, `label` or `target` if there."""
    drop_nonfinite: Annotated[bool, INPUTS] = False
    """Leave out rows with NaN or infinity instead of refusing them."""
    engine: Annotated[EngineName, SEARCH] = field(default=EngineName.AUTO, converter=EngineName)
    """`auto` takes `operon`, or `pysr` where only that does what is asked; `eql` learns by gradient."""
    pysr: Annotated[Path | None, SEARCH, Example('"pysr.toml"')] = field(
        default=None, converter=optional(path)
    )
    """TOML file with PySR's own settings: iterations, units, constraints, a template. PySR runs its strings
    as Julia code."""
    time_s: Annotated[float | None, SEARCH, Parameter(name="--time"), Example("120.0")] = field(
        default=None, validator=seconds
    )
    """Seconds to search; by default the engine or the effort decides."""
    seed: Annotated[int, SEARCH] = field(default=0, validator=seed_range)
    """Seed of every random choice: same seed, same result."""
