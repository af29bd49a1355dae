"""The shape of ``search.json``: what of a file is checked before it is believed."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from sr2hls.errors import InputError

SCHEMA = "sr2hls.search/1"
_OLD = "sr2hls.frontier/1"


class _Part(BaseModel):
    # Further keys are let through: a later version may write more.
    model_config = ConfigDict(frozen=True, strict=True)


class CandidateFile(_Part):
    """One formula; ``loss`` is ``None`` where it is not known or not finite."""

    expr: str
    loss: int | float | None
    cost: int | float | None
    latency: int | float | None
    complexity: int | float
    engine: str
    details: dict[str, str | int | float | bool | None]


class FrontFile(_Part):
    """What was found for one output."""

    output: str
    loss_floor: int | float
    rows: int
    candidates: list[CandidateFile]


class FrontierFile(_Part):
    """What was found for all outputs."""

    schema_: Literal["sr2hls.search/1"]
    input_names: list[str]
    cost_model: dict[str, Any]
    notes: list[str]
    told: dict[str, Any] = {}
    fronts: list[FrontFile]


def checked(data: object) -> FrontierFile:
    """Return the content of a file.

    Raises:
        InputError: it is something else; the message names the first key that is wrong.
    """
    if not isinstance(data, dict) or "schema" not in data:
        raise InputError("no result of a search: it has no key 'schema'")
    if data["schema"] == _OLD:
        raise InputError("a search of an older version wrote it: search again")
    if data["schema"] != SCHEMA:
        raise InputError(f"schema {str(data['schema'])[:40]!r} is unknown: this version reads {SCHEMA}")
    try:
        return FrontierFile.model_validate({**data, "schema_": data["schema"]})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"no result of a search: {where}: {first['msg'].lower()}") from error
