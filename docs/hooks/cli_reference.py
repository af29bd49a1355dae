"""The page of the command line, made from the commands themselves each time the site is built."""

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from typer import Context
from typer.cli import get_docs_for_click
from typer.main import get_command

from sr2hls.cli.main import app

PAGE = "reference/cli.md"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page."""
    command = get_command(app)
    text = get_docs_for_click(obj=command, ctx=Context(command), name="sr2hls")
    files.append(File.generated(config, PAGE, content=text))
    return files
