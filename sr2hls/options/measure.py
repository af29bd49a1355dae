"""Options of ``costs measure``."""

from pathlib import Path
from typing import Annotated

from attrs import field, frozen
from cyclopts import Parameter

from sr2hls.errors import InputError
from sr2hls.options.values import INTEGERS, NAMES, integers, names, on_the_command_line, path, seed_range

FAMILIES = ("xcup", "xc7", "ecp5")
WIDTHS = (4, 6, 8, 10, 12, 14, 16, 18)


@on_the_command_line
@frozen(kw_only=True)
class MeasureOptions:
    """Options of `sr2hls.synthesis.operators.measure.measure`."""

    output: Annotated[Path, Parameter(alias="-o")] = field(converter=path, kw_only=False)
    """Folder of the tables: <family>.csv and <family>.json."""
    family: Annotated[str, Parameter(alias="-f")] = "xcup"
    """`xcup` (UltraScale+), `xc7` (7 series) or `ecp5` (Lattice)."""
    only: Annotated[tuple[str, ...], NAMES, Parameter(name="--operator")] = field(default=(), converter=names)
    """Only these operators, separated by commas, e.g. `mul,table`."""
    widths: Annotated[tuple[int, ...], INTEGERS] = field(default=WIDTHS, converter=integers)
    """Bits of the arguments of single operators, separated by commas."""
    seed: int = field(default=0, validator=seed_range)
    """Of constants, entries of tables and the placer."""
    overwrite: bool = False
    """Replace a table that is there."""

    def __attrs_post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise InputError(f"family '{self.family}' is unknown: give {', '.join(FAMILIES)}")
        if not self.widths or not all(4 <= w <= 24 for w in self.widths):
            raise InputError(f"widths are {self.widths}: give widths from 4 to 24 bits")

    @property
    def command(self) -> str:
        """The command line for the record, without the folder: the record goes with the table."""
        widths = ",".join(map(str, self.widths))
        only = f" --operator {','.join(self.only)}" if self.only else ""
        return f"sr2hls costs measure --family {self.family} --widths {widths} --seed {self.seed}{only}"

    @property
    def table(self) -> Path:
        """The finished table."""
        return self.output / f"{self.family}.csv"

    @property
    def partial(self) -> Path:
        """What is done so far."""
        return self.output / f"{self.family}.partial.csv"
