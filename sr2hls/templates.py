"""Where the templates are, and how they are filled in.

What sr2hls emits (C++, Tcl, HTML, Julia) is kept as files: in ``templates/`` of a checkout, in
``sr2hls/_templates`` of an installed package.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import jinja2

from sr2hls.errors import ToolError


@cache
def templates_dir() -> Path:
    """Return the directory of the templates.

    Raises:
        ToolError: the installation is incomplete.
    """
    package = Path(__file__).resolve().parent
    for candidate in (package / "_templates", package.parent / "templates"):
        if (candidate / "hls").is_dir():
            return candidate
    raise ToolError(f"the templates of sr2hls are missing beside '{package}': install the package again")


def template_path(name: str) -> Path:
    """Return the path of a file that is used as it is, e.g. ``hls/nnet_sr2hls.h``."""
    return templates_dir() / name


def render(name: str, /, filters: dict[str, Callable[..., str]] | None = None, **values: object) -> str:
    """Fill in a template.

    Args:
        name: path below the templates, e.g. ``hls/formula.h.j2``.
        filters: functions that quote values for the language of the template. Files ending in ``.html.j2``
            have their values escaped without being asked.
        **values: what the template uses; a value that it misses is an error.
    """
    environment = _environment() if not filters else _environment().overlay()
    if filters:
        environment.filters = {**environment.filters, **filters}
    return environment.get_template(name).render(**values)


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates_dir()),
        undefined=jinja2.StrictUndefined,
        autoescape=jinja2.select_autoescape(enabled_extensions=("html", "html.j2"), default=False),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
