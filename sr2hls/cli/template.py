"""The configuration that ``sr2hls init`` writes: made from the command itself, so that both are the same."""

import json
from enum import Enum
from pathlib import Path
from typing import Any

import typer

from sr2hls.cli import compile as compile_command
from sr2hls.cli.config import PAIRS

_LEFT_OUT = ("config", "help", "json", "quiet", "verbose")
_REQUIRED = ("checkpoint", "data", "output")


def config_text(checkpoint: Path, data: Path, output: Path = Path("result")) -> str:
    """Return the text of a configuration with every option of ``compile`` in it.

    Options without a default are commented out.
    """
    app = typer.Typer(add_completion=False)
    compile_command.register(app)
    command = typer.main.get_command(app)
    given = {"checkpoint": checkpoint, "data": data, "output": output}
    lines = ["# Options of `sr2hls compile`; a flag on the command line wins over its line here."]
    tables: list[str] = []
    panel = ""
    for parameter in command.params:
        name = str(parameter.name)
        if name in _LEFT_OUT:
            continue
        if (own := getattr(parameter, "rich_help_panel", None)) and own != panel:
            panel = own
            lines += ["", f"# {panel}"]
        help_text = (getattr(parameter, "help", None) or "").replace("`", "'")
        key = name.replace("_", "-")
        if name in PAIRS:
            tables += ["", f"# {help_text}", f"# [{key}]", '# mass = "ap_fixed<8,3>"']
            continue
        value = given.get(name, parameter.default)
        many = parameter.multiple
        entry = f"{key} = {_toml(value, many)}" if value is not None else f"# {key} = {_example(parameter)}"
        lines += [f"# {help_text}", entry]
    return "\n".join([*lines, *tables]) + "\n"


def _toml(value: Any, many: bool) -> str:
    if many:
        return "[" + ", ".join(_toml(v, False) for v in value or ()) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return json.dumps(value.value)
    if isinstance(value, int | float):
        return repr(value)
    # A JSON string is a TOML basic string as long as what is outside of ASCII is escaped with four digits.
    return json.dumps(str(value))


def _example(parameter: Any) -> str:
    if parameter.multiple:
        return '["mass", "multiplicity"]'
    examples = {"model": '"network:build"', "task": '"logits"', "target_column": '"label"', "jobs": "2"}
    examples |= {"max_latency_ns": "10.0", "max_lut": "400", "max_dsp": "0", "max_bram": "0"}
    examples |= {"min_fidelity": "0.9", "time": "120.0", "cost": '"cycles"', "pysr": '"pysr.toml"'}
    return examples.get(str(parameter.name), '""')
