"""Errors as users see them: one sentence on standard error, and an exit code."""

import errno
import os
import sys
import traceback
from dataclasses import dataclass

import typer

from sr2hls.errors import Sr2hlsError, one_line

FAULT, MISTAKE, INTERRUPTED = 1, 2, 130
"""Exit codes: a fault of sr2hls itself, something that the user can put right, Ctrl-C."""
_MOST_CHARACTERS = 4000


@dataclass(slots=True)
class Settings:
    """What the options before the command said."""

    debug: bool = False


def explain(error: Exception, settings: Settings) -> int:
    """Say what went wrong on standard error and return the exit code."""
    if settings.debug:
        traceback.print_exception(error)
    match error:
        case typer.Abort():
            return INTERRUPTED
        case Sr2hlsError():
            say(str(error))
            return MISTAKE
        case BrokenPipeError():
            # The reader of a pipe went away; nothing more can be written, not even at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return FAULT
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            say(
                f"the disk is full{_of(error)}: free some space and run the same command again; what was "
                "finished is kept"
            )
            return MISTAKE
        case FileNotFoundError() if "No usable temporary directory" in str(error):
            say("no temporary folder can be written to: free some space, or set TMPDIR to another folder")
            return MISTAKE
        case OSError(errno=errno.EACCES | errno.EPERM | errno.EROFS):
            say(f"no permission to write or read{_of(error)}: give another folder or change its permissions")
            return MISTAKE
        case OSError(errno=errno.ENAMETOOLONG | errno.ELOOP):
            say(f"there can be no file{_of(error)}: give another name")
            return MISTAKE
        case MemoryError():
            say("there is not enough memory: use fewer rows, fewer --jobs or a lower --effort")
            return MISTAKE
    if hasattr(error, "exit_code") and hasattr(error, "format_message"):
        context = getattr(error, "ctx", None)
        say(error.format_message())
        if context is not None:
            print(f"Try '{context.command_path} --help'.", file=sys.stderr)
        return int(error.exit_code)
    say(
        f"this should not have happened ({type(error).__name__}: {error}): run 'sr2hls --debug …' for the "
        "traceback and report it"
    )
    return FAULT


def say(text: str) -> None:
    """Write one line of printable characters to standard error."""
    print(f"sr2hls: {one_line(' '.join(text.split()), _MOST_CHARACTERS)}", file=sys.stderr)


def _of(error: OSError) -> str:
    return f" at '{error.filename}'" if error.filename else ""
