"""Pieces of a page that needs no network: styles, scripts, data, and the policy that lets nothing else in."""

import base64
import hashlib
import json
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from sr2hls.templates import template_path


def style() -> Markup:
    """Return the style sheet."""
    return Markup(_text("report.css"))


def script(name: str) -> Markup:
    """Return a script below ``templates/report`` for use inside of a script element."""
    # Only these sequences would be read as HTML there; in JavaScript's strings and regular expressions the
    # backslash changes nothing.
    return Markup(_text(name).replace("</script", r"<\/script").replace("<!--", r"<\!--"))


def json_block(value: Any) -> Markup:
    """Return JSON for use inside of a script element."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("&", r"\u0026").replace("<", r"\u003c").replace(">", r"\u003e"))


def policy(scripts: Sequence[str]) -> Markup:
    """Return a content security policy under which these scripts run, no other, and nothing is fetched."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts
    )
    return Markup(
        "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; base-uri 'none'; "
        f"form-action 'none'; script-src {hashes}"
    )


def _text(name: str) -> str:
    return template_path(f"report/{name}").read_text(encoding="utf-8")
