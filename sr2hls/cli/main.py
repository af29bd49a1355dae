"""The ``sr2hls`` command: the list of its commands. What they run is loaded when they run."""

import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

from cyclopts import App, Parameter

from sr2hls.cli.cite import cite
from sr2hls.cli.compile import compile
from sr2hls.cli.completion import completion_command
from sr2hls.cli.config import read_config, refuse_fractions
from sr2hls.cli.costs import costs
from sr2hls.cli.distil import distil
from sr2hls.cli.doctor import doctor
from sr2hls.cli.explain import explain as explain_terms
from sr2hls.cli.explore import explore
from sr2hls.cli.failure import INTERRUPTED, explain
from sr2hls.cli.init import init
from sr2hls.cli.lower import lower
from sr2hls.cli.report import report
from sr2hls.cli.search import search
from sr2hls.cli.verify import verify
from sr2hls.cli.view import view
from sr2hls.options.values import OUTPUT


def _shown_default(value: object) -> str | None:
    """Return what the help says that an option is by default; that a switch is off needs no word."""
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or None
    return None if value is None or value is False or value == "" else str(value)


app = App(
    name="sr2hls",
    help="Distil a trained network into formulas and compile them to a verified FPGA circuit.\n\n"
    "Begin with `sr2hls doctor`, then `sr2hls compile CHECKPOINT --data DATA -o DIR`.",
    help_epilogue="Exit codes: 0 done, 1 a fault of sr2hls itself, 2 something to mend, 130 interrupted.",
    help_flags=("--help", "-h"),
    help_format="markdown",
    version=f"sr2hls {version('sr2hls')}",
    version_flags=("--version",),
    config=(read_config, refuse_fractions),
    default_parameter=Parameter(negative_bool=(), negative_iterable=(), show_default=_shown_default),
    result_action="return_value",
    exit_on_error=False,
    print_error=False,
    suppress_keyboard_interrupt=False,
)
_COMMANDS = (
    compile, explore, distil, lower, search, explain_terms, report, verify, view, costs, doctor, init, cite,
)  # fmt: skip
for _command in _COMMANDS:
    app.command(_command)
app.command(completion_command(app), name="--show-completion")
for _place, _name in enumerate(app):
    app[_name].sort_key = _place  # the order above, not the alphabet's
app.register_install_completion_command(add_to_startup=True)


@app.meta.default
def _launch(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
    debug: Annotated[bool, OUTPUT] = False,
) -> int:
    """Run a command.

    Args:
        tokens: The command and its arguments.
        debug: Show the traceback of an error.
    """
    try:
        code = app(tokens)
    except Exception as error:
        return explain(error, debug)
    return code if isinstance(code, int) else 0


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; errors become one sentence on standard error and an exit code."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    try:
        code = app.meta(sys.argv[1:] if arguments is None else list(arguments))
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        return explain(error)
    return code if isinstance(code, int) else 0
