"""``sr2hls lower``: formulas that are already there to a verified circuit."""

from typing import Annotated

from sr2hls.cli.config import ConfigFile
from sr2hls.cli.flags import FLAGS, with_command_line
from sr2hls.cli.output import TEXT, Shown
from sr2hls.cli.show import show_result
from sr2hls.options import LowerOptions


def lower(options: Annotated[LowerOptions, FLAGS], *, config: ConfigFile = None, shown: Shown = TEXT) -> None:
    """Compile formulas from a hall of fame, a PySR run, a file or a string into a verified circuit.

    Names, operators and constants are taken as they are; a construct without a fixed-point meaning is refused
    by name, never changed.

    Example: `sr2hls lower 'sin(3.14*x)*(1 - 0.094*t)' --range x=0,1 --range t=0,1 -o heat`, or
    `sr2hls lower outputs/20250101_120000_abc123 --data data.csv -o circuit` for a run of PySR.
    """
    with shown.working("interrupted: run the same command again to begin anew") as progress:
        from sr2hls.flow.lower import lower_formulas

        result = lower_formulas(with_command_line(options), progress)
    show_result(shown, result.report, options.output)
