"""Start AMD's tools: from PATH, after a settings64.sh, in a container, or both."""

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sr2hls.errors import InputError, ToolError
from sr2hls.synthesis.vendor.failures import diagnose

GRACE_S = 10.0
"""Seconds that a tool gets to end by itself before it is killed."""


@dataclass(frozen=True, slots=True)
class Launcher:
    """How a tool is started.

    Attributes:
        settings: the tool's ``settings64.sh``, sourced first, if any; inside of the container, if there is
            one.
        container: command that runs another one in a container, e.g. ``docker run --rm -v
            {directory}:{directory} -w {directory} amd/vitis:2024.1``. ``{directory}`` is replaced by the
            directory of the project.
    """

    settings: Path | None = None
    container: str | None = None

    @classmethod
    def from_environment(cls) -> "Launcher":
        """Return what ``SR2HLS_VENDOR_SETTINGS`` (a settings64.sh) and ``SR2HLS_VENDOR_CONTAINER`` ask for.

        Without either, the tools are taken from PATH.
        """
        settings = os.environ.get("SR2HLS_VENDOR_SETTINGS")
        container = os.environ.get("SR2HLS_VENDOR_CONTAINER")
        return cls(Path(settings).expanduser() if settings else None, container or None)

    def command(self, arguments: list[str], directory: Path) -> list[str]:
        """Return the whole command for arguments of which the first is the tool.

        Raises:
            InputError: the container's command cannot be split into words.
        """
        words = list(arguments)
        if self.settings is not None:
            # The script is an argument, not part of the command text: no quoting to get wrong.
            words = ["bash", "-c", 'source "$0" >/dev/null && exec "$@"', str(self.settings), *words]
        if self.container is None:
            return words
        try:
            prefix = shlex.split(self.container)
        except ValueError as error:
            raise InputError(f"the container command '{self.container}' cannot be read: {error}") from None
        if not prefix:
            raise InputError("the container command is empty: give one such as 'docker run --rm IMAGE'")
        return [word.replace("{directory}", str(directory.resolve())) for word in prefix] + words

    def has(self, executable: str) -> bool:
        """Return whether the tool is there.

        Raises:
            InputError: the settings script is not there.
        """
        if self.settings is None and self.container is None:
            return shutil.which(executable) is not None
        if self.settings is not None and self.container is None and not self.settings.is_file():
            raise InputError(f"there is no settings script '{self.settings}'")
        probe = self.command(["bash", "-c", 'command -v "$0"', executable], Path.cwd())
        try:
            return subprocess.run(probe, capture_output=True, timeout=120).returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            return False

    def version(self, executable: str, flag: str = "-version") -> str | None:
        """Return the version that a tool says it has, e.g. ``2023.1``, or None where it says none."""
        probe = self.command([executable, flag], Path.cwd())
        try:
            said = subprocess.run(probe, capture_output=True, text=True, errors="replace", timeout=300)
        except (OSError, subprocess.TimeoutExpired):
            return None
        found = re.search(r"v?(20\d\d\.\d(?:\.\d)?)", said.stdout + said.stderr)
        return found.group(1) if found else None


def run_tool(
    arguments: list[str],
    *,
    launcher: Launcher,
    directory: Path,
    log: Path,
    timeout_s: float,
    on_line: Callable[[str], None] | None = None,
) -> str:
    """Run a tool in a directory and return what it printed, which is in the log, too.

    Args:
        arguments: the tool and its arguments.
        launcher: how it is started.
        directory: where it runs.
        log: file for what it prints.
        timeout_s: most seconds that it may take; it is stopped with all its children.
        on_line: called with each line as it comes.

    Raises:
        ToolError: the tool cannot be started, fails or takes too long; the message says why in one sentence.
    """
    command = launcher.command(arguments, directory)
    deadline = time.monotonic() + timeout_s
    with log.open("w", encoding="utf-8", errors="replace") as stream:
        try:
            process = subprocess.Popen(
                command,
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise ToolError(f"cannot start '{command[0]}': {error.strerror}") from error
        try:
            _wait(process, log, deadline, on_line)
        except BaseException:
            _stop(process)
            raise
    text = log.read_text(encoding="utf-8", errors="replace")
    if process.returncode is None:
        _stop(process)
        raise ToolError(
            f"'{arguments[0]}' did not finish within {timeout_s:g} s and was stopped: see '{log}'"
        )
    if process.returncode:
        raise ToolError(f"'{arguments[0]}' {diagnose(text, process.returncode)}: see '{log}'")
    return text


def _wait(
    process: subprocess.Popen[bytes], log: Path, deadline: float, on_line: Callable[[str], None] | None
) -> None:
    """Wait for the end or the deadline; hand on the lines that come into the log."""
    with log.open(encoding="utf-8", errors="replace") as lines:
        ended = False
        while not ended:
            try:
                process.wait(timeout=max(0.0, min(0.2, deadline - time.monotonic())))
                ended = True
            except subprocess.TimeoutExpired:
                ended = time.monotonic() >= deadline
            if on_line is not None:
                for line in lines:
                    on_line(line.rstrip("\n"))


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a tool and everything that it started: politely, then at once."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=GRACE_S)
    # The tool may be gone while a simulator that it started is not.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
