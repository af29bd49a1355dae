"""PySR's own settings out of a TOML file: what the command line has no flag for."""

import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

from sr2hls.errors import InputError
from sr2hls.options import Effort
from sr2hls.search.pysr.settings import PySRSettings

_UNTRUSTED = ("trust_pickle", "warm_start")
"""What a file cannot ask for: a pickle runs on the user's own word, a file has no last search."""
_TABLES = ("keyword", "fit", "template")


def load_pysr_settings(path: Path, effort: Effort = Effort.MEDIUM) -> PySRSettings:
    """Read settings of PySR.

    The keys are the attributes of `PySRSettings`; the table ``keyword`` has further arguments of
    ``PySRRegressor``, ``fit`` those of its ``fit``, ``template`` those of ``TemplateExpressionSpec``. Other
    objects of PySR are tables with their class::

        effort = "high"
        niterations = 100
        [keyword]
        nested_constraints = {sin = {sin = 0}}
        logger_spec = {class = "TensorBoardLoggerSpec", log_dir = "logs"}
        [fit]
        X_units = ["m", "s"]
        y_units = "m/s"
        [template]
        expressions = ["f", "g"]
        variable_names = ["x0", "x1"]
        combine = "f(x0) + g(x1)"

    Whether PySR has a keyword is checked when it is called. PySR hands strings such as ``elementwise_loss``
    to Julia as code: read the file before you give it.

    Args:
        path: the file.
        effort: what counts where the file names none.

    Raises:
        InputError: the file cannot be read, or a key is unknown or of the wrong kind.
    """
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read the settings of PySR '{path}': {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"'{path}' is not TOML: {error}") from error
    known = [*(f.name for f in fields(PySRSettings) if f.name not in _UNTRUSTED), "template"]
    for key, value in data.items():
        if key not in known:
            raise InputError(
                f"'{path}' has the key '{key}': it may have {', '.join(known)}; put arguments of "
                "PySRRegressor under [keyword]"
            )
        wanted = dict if key in _TABLES else bool if key == "deterministic" else _kind(key)
        if type(value) is not wanted:
            raise InputError(f"'{path}': the key '{key}' takes a {_WORDS[wanted]}")
    if (named := data.setdefault("effort", effort)) not in list(Effort):
        raise InputError(f"'{path}': effort is '{named}': give one of {', '.join(Effort)}")
    data["effort"] = Effort(named)
    if (template := data.pop("template", None)) is not None:
        spec = {"class": "TemplateExpressionSpec", **template}
        data["keyword"] = {"expression_spec": spec, **data.get("keyword", {})}
    try:
        return PySRSettings(**data)
    except InputError as error:
        raise InputError(f"'{path}': {error}") from error


_WORDS: dict[type, str] = {dict: "table", bool: "true or false", int: "whole number", str: "string"}
_NUMBERS = ("niterations", "populations", "max_rows", "maxsize")


def _kind(key: str) -> type:
    return int if key in _NUMBERS else str
