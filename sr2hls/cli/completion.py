"""``sr2hls --show-completion``: the script with which a shell completes commands, options and values."""

from collections.abc import Callable
from typing import Literal

from cyclopts import App

Shell = Literal["bash", "zsh", "fish", "powershell"]


def completion_command(app: App) -> Callable[[Shell | None], None]:
    """Return the command that prints the completion of a program."""

    def show_completion(shell: Shell | None = None, /) -> None:
        """Print the completion of a shell; `--install-completion` installs it.

        Example: `sr2hls --show-completion bash`.

        Args:
            shell: The shell; by default the one that this is run in.
        """
        print(app.generate_completion(shell=shell))

    return show_completion
