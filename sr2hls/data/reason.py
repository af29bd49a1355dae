"""Other libraries' errors, said in one line."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from sr2hls.errors import InputError, Sr2hlsError, one_line


def reason(error: BaseException, limit: int = 200) -> str:
    """Return the first line of an error's message, cut to ``limit`` printable characters."""
    lines = str(error).strip().splitlines()
    if not lines:
        return type(error).__name__
    return one_line(lines[0], limit)


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn whatever a parser raises on a damaged file into an `InputError`.

    Parsers of other libraries raise nearly anything then (fuzzing found KeyError, tokenize.TokenError and
    AttributeError); the original error stays chained.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        yield
    except Sr2hlsError:
        raise
    except Exception as error:
        raise InputError(f"'{path}' cannot be read ({reason(error)}): write it again") from error
