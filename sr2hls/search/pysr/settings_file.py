"""PySR's own settings out of a TOML file: what the command line has no flag for."""

import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

from sr2hls.errors import InputError
from sr2hls.options import Effort
from sr2hls.search.pysr.settings import PySRSettings, Template

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
    known = {f.name: f for f in fields(PySRSettings) if f.name not in _UNTRUSTED}
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
    template = data.pop("template", None)
    try:
        return PySRSettings(**data, template=None if template is None else _template(template))
    except InputError as error:
        raise InputError(f"'{path}': {error}") from error


_WORDS: dict[type, str] = {dict: "table", bool: "true or false", int: "whole number", str: "string"}
_NUMBERS = ("niterations", "populations", "max_rows", "maxsize")


def _kind(key: str) -> type:
    return int if key in _NUMBERS else str


def _template(data: dict[str, Any]) -> Template:
    wanted = {f.name for f in fields(Template)}
    if unknown := sorted(set(data) - wanted):
        raise InputError(f"[template] has the key '{unknown[0]}': it may have {', '.join(wanted)}")
    combine, expressions = data.get("combine"), data.get("expressions")
    names, parameters = data.get("variable_names"), data.get("parameters", {})
    texts = all(
        isinstance(v, list) and v and all(isinstance(t, str) for t in v) for v in (expressions, names)
    )
    numbers = isinstance(parameters, dict) and all(type(n) is int and n > 0 for n in parameters.values())
    if not isinstance(combine, str) or not texts or not numbers:
        raise InputError(
            "[template] needs combine (a string), expressions and variable_names (lists of "
            "strings), and may have parameters (name = count)"
        )
    return Template(combine, tuple(expressions or ()), tuple(names or ()), tuple(parameters.items()))
