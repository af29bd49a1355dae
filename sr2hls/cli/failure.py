"""Errors as users see them: one sentence on standard error, and an exit code."""

import errno
import os
import sys
import traceback

from cyclopts import Argument, CycloptsError, MissingArgumentError, UnusedCliTokensError

from sr2hls.errors import Sr2hlsError, one_line

FAULT, MISTAKE, INTERRUPTED = 1, 2, 130
"""Exit codes: a fault of sr2hls itself, something that the user can put right, Ctrl-C."""
_MOST_CHARACTERS = 4000


class Interrupted(Exception):  # noqa: N818
    """Ctrl-C, with what to say about what was kept."""


def explain(error: Exception, debug: bool = False) -> int:
    """Say what went wrong on standard error, with a traceback if debugging, and return the exit code."""
    if debug:
        traceback.print_exception(error)
    if isinstance(error, BrokenPipeError):
        # The reader of a pipe went away; nothing more can be written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAULT
    code, sentence = _sentence(error)
    print(f"sr2hls: {one_line(' '.join(sentence.split()), _MOST_CHARACTERS)}", file=sys.stderr)
    if isinstance(error, CycloptsError):
        print(f"Try '{' '.join(('sr2hls', *(error.command_chain or ())))} --help'.", file=sys.stderr)
    return code


def _sentence(error: Exception) -> tuple[int, str]:
    match error:
        case Interrupted():
            return INTERRUPTED, str(error)
        case Sr2hlsError():
            return MISTAKE, str(error)
        case CycloptsError():
            return MISTAKE, _mistake(error)
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return MISTAKE, (
                f"the disk is full{_of(error)}: free some space and run the same command again; what was "
                "finished is kept"
            )
        case FileNotFoundError() if "No usable temporary directory" in str(error):
            return MISTAKE, (
                "no temporary folder can be written to: free some space, or set TMPDIR to another folder"
            )
        case OSError(errno=errno.EACCES | errno.EPERM | errno.EROFS):
            return MISTAKE, (
                f"no permission to write or read{_of(error)}: give another folder or change its permissions"
            )
        case OSError(errno=errno.ENAMETOOLONG | errno.ELOOP):
            return MISTAKE, f"there can be no file{_of(error)}: give another name"
        case MemoryError():
            return MISTAKE, "there is not enough memory: use fewer rows, fewer --jobs or a lower --effort"
    return FAULT, (
        f"this should not have happened ({type(error).__name__}: {error}): run 'sr2hls --debug …' for the "
        "traceback and report it"
    )


def _mistake(error: CycloptsError) -> str:
    """Return what is wrong with the command line."""
    match error:
        case MissingArgumentError(keyword=None, argument=Argument() as argument):
            return f"{argument.name} is missing: give it as well"
        case MissingArgumentError(keyword=str() as flag):
            return f"{flag} needs a value"
        case UnusedCliTokensError(unused_tokens=[first, *_]):
            return f"'{first}' is one argument too many"
    error.verbose = False
    return str(error)


def _of(error: OSError) -> str:
    return f" at '{error.filename}'" if error.filename else ""
