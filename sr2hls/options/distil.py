"""Options of ``distil``."""

from typing import Annotated

from attrs import field, frozen
from attrs.converters import optional

from sr2hls.options.network import NetworkOptions
from sr2hls.options.values import INTEGERS, PART, SEARCH, WORDS, integers, names, on_the_command_line


@on_the_command_line
@frozen(kw_only=True, slots=False)
class DistilOptions(NetworkOptions):
    """Options of `sr2hls.distil.checkpoint.distil_checkpoint`."""

    module: Annotated[str, PART] = ""
    """Dotted name of the submodule; the whole network by default."""
    outputs: Annotated[tuple[int, ...] | None, PART, INTEGERS] = field(
        default=None, converter=optional(integers)
    )
    """Outputs of the submodule to search, e.g. `0,2`; all by default."""
    operators: Annotated[tuple[str, ...], PART, WORDS] = field(
        default=("+", "-", "*", "/", "sin", "exp"), converter=names
    )
    """Operators, separated by commas or blanks."""
    max_size: Annotated[int, PART] = 20
    """Most nodes of a formula."""
    choose: Annotated[str, PART] = "elbow"
    """`elbow` (where the loss falls steeply), `score`, `loss` or `evidence`."""
    restarts: Annotated[int, SEARCH] = 4
    """Independent runs of the embedded engine."""
    max_rows: Annotated[int, SEARCH] = 2000
    """Rows that the search sees."""
