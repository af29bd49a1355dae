"""Reports as files: read with every key checked, written whole or not at all."""

from pathlib import Path

from pydantic import ValidationError

from sr2hls.errors import InputError
from sr2hls.report.html import to_html
from sr2hls.report.markdown import to_markdown
from sr2hls.report.model import SCHEMA_VERSION, Report, to_json
from sr2hls.store.directory import Directory

JSON_NAME, HTML_NAME, MARKDOWN_NAME = "report.json", "report.html", "report.md"
_MOST_BYTES = 200_000_000


def load_report(path: Path) -> Report:
    """Read ``report.json``; of a folder, the one in it.

    Raises:
        InputError: it is missing, unreadable, or no report of this version.
    """
    file = path / JSON_NAME if path.is_dir() else path
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise InputError(f"'{file}' is larger than 200 MB: that is no report of sr2hls")
        text = file.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read the report '{file}': {error.strerror}") from error
    try:
        return Report.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(p) for p in first["loc"]) or "the file"
        raise InputError(
            f"'{file}' is no report of version '{SCHEMA_VERSION}': {where}: {first['msg'].lower()}"
        ) from error


def write_report(report: Report, folder: Path) -> tuple[Path, Path, Path]:
    """Write ``report.json``, ``report.html`` and ``report.md``; returns their paths.

    The JSON comes last: where it is, the pages are.
    """
    directory = Directory.at(folder)
    for name, text in ((HTML_NAME, to_html(report)), (MARKDOWN_NAME, to_markdown(report))):
        directory.write(name, text)
    directory.write(JSON_NAME, to_json(report))
    return folder / JSON_NAME, folder / HTML_NAME, folder / MARKDOWN_NAME
