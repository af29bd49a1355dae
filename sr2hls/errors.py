"""Errors that a user can act on.

Each message is one sentence that names the file, key, node or operator and says what to do.
The command line prints it without a traceback and exits with code 2.
"""


class Sr2hlsError(Exception):
    """Base of every error that sr2hls raises on purpose."""


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
