"""``sr2hls cite``: what to cite."""

import re

from sr2hls.cli.output import TEXT, Shown

_ENTRY = re.compile(r"@(\w+)\{(\w+),(.*?)\n\}", re.DOTALL)
_FIELD = re.compile(r"^\s*(\w+)\s*=\s*\{(.*)\},?$", re.MULTILINE)


def cite(*keys: str, shown: Shown = TEXT) -> None:
    """Print BibTeX entries of the work that a result rests on.

    Example: `sr2hls cite > sr2hls.bib`, or `sr2hls cite Burlacu2020Operon`.

    Args:
        keys: Keys of entries; all without any.

    Raises:
        InputError: there is no such entry.
    """
    from sr2hls.errors import InputError
    from sr2hls.templates import template_path

    text = template_path("cite/references.bib").read_text(encoding="utf-8")
    entries = {m.group(2): m for m in _ENTRY.finditer(text)}
    unknown = next((k for k in keys if k not in entries), None)
    if unknown is not None:
        raise InputError(f"there is no entry '{unknown}': give some of {', '.join(entries)}")
    chosen = [entries[k] for k in keys or entries]
    shown.show(
        [{"key": m.group(2), "type": m.group(1), **dict(_FIELD.findall(m.group(3)))} for m in chosen],
        text.rstrip() if not keys else "\n\n".join(m.group() for m in chosen),
    )
