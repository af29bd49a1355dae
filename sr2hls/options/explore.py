"""Options of ``explore``."""

from typing import Annotated

from attrs import field, frozen

from sr2hls.errors import InputError
from sr2hls.options.compile import CompileOptions
from sr2hls.options.values import DESIGNS, INTEGERS, integers, on_the_command_line


@on_the_command_line
@frozen(kw_only=True, slots=False)
class ExploreOptions(CompileOptions):
    """Options of `sr2hls.explore`: those of a compilation, and which designs are wanted.

    Every design is made, whatever it takes: what chooses among designs is no option here.
    """

    max_lut: None = field(default=None, init=False)
    max_bram: None = field(default=None, init=False)
    min_fidelity: None = field(default=None, init=False)
    explored: None = field(default=None, init=False)
    design: None = field(default=None, init=False)
    luts: Annotated[tuple[int, ...], DESIGNS, INTEGERS] = field(
        default=(50, 100, 200, 400), converter=integers
    )
    """Sizes to aim at, LUTs separated by commas; from each, designs of each strategy."""

    def __attrs_post_init__(self) -> None:
        CompileOptions.__attrs_post_init__(self)
        if not self.luts or min(self.luts) < 1:
            raise InputError("luts: give at least one size, of at least 1 LUT")
