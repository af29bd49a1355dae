"""Options of ``explore``."""

from collections.abc import Iterable
from typing import Annotated

from attrs import field, frozen
from attrs.converters import optional
from cyclopts import Parameter

from sr2hls.errors import InputError
from sr2hls.options.choices import Structure, Tables
from sr2hls.options.compile import CompileOptions
from sr2hls.options.values import DESIGNS, INTEGERS, integers, names, on_the_command_line


def _structures(value: Iterable[str]) -> tuple[Structure, ...]:
    return tuple(Structure(one) for one in names(value))


@on_the_command_line
@frozen(kw_only=True, slots=False)
class ExploreOptions(CompileOptions):
    """Options of `sr2hls.explore.explore`: those of a compilation, and which designs are wanted.

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
    """Sizes to aim at, LUTs separated by commas; from each, one design of each structure."""
    structures: Annotated[tuple[Structure, ...], DESIGNS, Parameter(name="--structure")] = field(
        default=tuple(Structure), converter=_structures
    )
    """`sum` (of functions of one input) or `cascade` (of few-bit functions); both if not given."""
    tables: Annotated[Tables | None, DESIGNS] = field(default=None, converter=optional(Tables))
    """Tables of cascades: `symbolic` keeps their formulas, `free` lets entries move and reports how many did;
    both if not given."""

    def __attrs_post_init__(self) -> None:
        CompileOptions.__attrs_post_init__(self)
        if not self.luts or min(self.luts) < 1:
            raise InputError("luts: give at least one size, of at least 1 LUT")
        if not self.structures:
            raise InputError("structures: name at least one of " + ", ".join(Structure))
