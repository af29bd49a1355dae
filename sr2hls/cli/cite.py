"""``sr2hls cite``: what to cite."""

import re
from typing import Annotated

import typer

from sr2hls.cli.output import JsonOption, Output

_ENTRY = re.compile(r"@(\w+)\{(\w+),(.*?)\n\}", re.DOTALL)
_FIELD = re.compile(r"^\s*(\w+)\s*=\s*\{(.*)\},?$", re.MULTILINE)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: `sr2hls cite > sr2hls.bib`, or `sr2hls cite Burlacu2020Operon`")(cite)


def cite(
    keys: Annotated[list[str] | None, typer.Argument(help="Keys of entries; all without any.")] = None,
    json: JsonOption = False,
) -> None:
    """Print BibTeX entries of the work that a result rests on."""
    from sr2hls.errors import InputError
    from sr2hls.templates import template_path

    text = template_path("cite/references.bib").read_text(encoding="utf-8")
    entries = {m.group(2): m for m in _ENTRY.finditer(text)}
    unknown = [k for k in keys or () if k not in entries]
    if unknown:
        raise InputError(f"there is no entry '{unknown[0]}': give some of {', '.join(entries)}")
    chosen = [entries[k] for k in keys or entries]
    output = Output(json)
    output.data([{"key": m.group(2), "type": m.group(1), **dict(_FIELD.findall(m.group(3)))} for m in chosen])
    output.text(text.rstrip() if not keys else "\n\n".join(m.group() for m in chosen))
