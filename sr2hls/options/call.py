"""Functions that take the fields of their options as arguments, typed as the options' constructor is."""

import functools
import inspect
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from sr2hls.errors import InputError

_Arguments = ParamSpec("_Arguments")
_Options = TypeVar("_Options")
_Result = TypeVar("_Result")


def called_with(
    kind: Callable[_Arguments, _Options],
) -> Callable[[Callable[[_Options], _Result]], Callable[_Arguments, _Result]]:
    """Give a function of options the arguments that the class of its options is made with (decorator).

    Raises:
        InputError: when called with an option that the class has not.
    """

    def decorate(function: Callable[[_Options], _Result]) -> Callable[_Arguments, _Result]:
        @functools.wraps(function)
        def call(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
            known = inspect.signature(kind).parameters
            unknown = next((name for name in kwargs if name not in known), None)
            if unknown is not None:
                name = getattr(kind, "__name__", "the options")
                raise InputError(f"unknown option '{unknown}': {name} has {', '.join(sorted(known))}")
            return function(kind(*args, **kwargs))

        # What help() shows: the arguments are the options' own.
        call.__dict__ |= {"__signature__": inspect.signature(kind)}
        return call

    return decorate
