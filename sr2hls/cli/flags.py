"""How commands take options."""

import sys
from typing import TypeVar

import attrs
from cyclopts import Parameter

from sr2hls.options import CircuitOptions

_Options = TypeVar("_Options", bound=CircuitOptions)

FLAGS = Parameter(name="*")
"""A flag for each field of a command's options."""


def with_command_line(options: _Options) -> _Options:
    """Return options with the command line as the report shows it."""
    return attrs.evolve(options, command=("sr2hls", *sys.argv[1:]))
