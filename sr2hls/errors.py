"""Errors that a user can act on.

Each message is one sentence that names the file, key, node or operator and says what to do.
The command line prints it without a traceback and exits with code 2.
"""

_MOST_CHARACTERS = 2000


class Sr2hlsError(Exception):
    """Base of every error that sr2hls raises on purpose.

    Messages quote names and lines from files, so that whatever would act on a terminal is shown escaped here,
    once for all.
    """

    def __init__(self, message: object = "") -> None:
        super().__init__(one_line(str(message), _MOST_CHARACTERS))


def one_line(text: str, limit: int) -> str:
    """Return a text as one line of printable characters, at most ``limit`` of them."""
    short = " ".join(text[: limit + 1].split("\n"))
    shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in short)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


class InputError(Sr2hlsError):
    """A file, option or array given by the user cannot be used."""


class UnsafeFileError(InputError):
    """Reading the file would run code that it contains."""


class LoweringError(Sr2hlsError):
    """A subexpression has no meaning in the fixed-point program."""


class ProgramError(Sr2hlsError):
    """A program breaks the contract of the typed fixed-point program."""


class DegenerateDesignError(Sr2hlsError):
    """The design would compile but does not compute what its formulas say."""


class VerificationError(Sr2hlsError):
    """Two executors of the same program disagree."""


class BudgetError(Sr2hlsError):
    """No design found meets the budgets; the message says how far off the nearest is."""


class ToolError(Sr2hlsError):
    """An external tool is missing, failed or timed out."""
