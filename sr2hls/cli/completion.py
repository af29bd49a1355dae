"""``sr2hls --show-completion``: the script with which a shell completes commands, options and values."""

from typing import Literal


def show_completion(shell: Literal["bash", "zsh", "fish", "powershell"] | None = None, /) -> None:
    """Print the completion of a shell; `--install-completion` installs it.

    Example: `sr2hls --show-completion bash`.

    Args:
        shell: The shell; by default the one that this is run in.
    """
    from sr2hls.cli.main import app

    print(app.generate_completion(shell=shell))
