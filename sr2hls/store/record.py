"""What every record that sr2hls writes as JSON has in common."""

import re
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, model_validator

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def printable(value: Any) -> Any:
    """Return a value in whose texts control characters are written out, e.g. ESC as ``\\x1b``.

    Names come from files. What would act on a terminal, or is no character of HTML, must not reach a report.
    """
    match value:
        case str() if _CONTROL.search(value):
            return _CONTROL.sub(lambda found: repr(found.group())[1:-1], value)
        case dict():
            return {printable(key): printable(inner) for key, inner in value.items()}
        case list() | tuple() if any(isinstance(inner, str | dict | list | tuple) for inner in value):
            return type(value)(printable(inner) for inner in value)
    return value


class Record(BaseModel):
    """A frozen, strictly typed record; unknown keys and NaN or infinite numbers are refused."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )

    @model_validator(mode="after")
    def _printable(self) -> Self:
        for name in type(self).model_fields:
            given = getattr(self, name)
            if (shown := printable(given)) != given:
                object.__setattr__(self, name, shown)  # it is frozen from here on
        return self
