"""How stages say how far they are.

A stage takes a `Progress` and reports through it:

    with progress.stage("search", total=20) as stage:
        for generation in range(20):
            ...
            stage.advance(message=f"best {loss:.3g}")

`SilentProgress` shows nothing, `TerminalProgress` shows bars with the time left, `LineProgress` writes one
line a stage for logs. All of them keep the wall time of each stage in `times`.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichBars

LINE_EVERY_S = 30.0
"""Seconds between two lines of `LineProgress` within a stage."""


class Stage(Protocol):
    """One stage at work."""

    def advance(self, n: float = 1, message: str = "") -> None:
        """Count ``n`` more units of the stage's total as done and say what is going on."""


class Progress(Protocol):
    """Receives what the stages report."""

    @property
    def times(self) -> Mapping[str, float]:
        """Wall time of each finished stage in seconds, in the order in which they began."""

    def plan(self, expected_s: Mapping[str, float]) -> None:
        """Announce stages to come with the seconds each will take, for the time left over all."""

    def stage(self, name: str, total: float | None = None) -> AbstractContextManager[Stage]:
        """Open a stage of ``total`` units; ``None`` where the number is not known."""

    def note(self, message: str) -> None:
        """Tell the user something in one line, e.g. which engine was taken and why."""


class Clock:
    """Wall times of stages and the time that is left, from a plan and what came of it so far."""

    def __init__(self) -> None:
        self.times: dict[str, float] = {}
        self._expected: dict[str, float] = {}
        self._began: dict[str, float] = {}

    def plan(self, expected_s: Mapping[str, float]) -> None:
        """Add stages with their expected seconds."""
        self._expected |= expected_s

    def begin(self, name: str) -> None:
        """Start the clock of a stage."""
        self._began[name] = time.monotonic()
        self.times.setdefault(name, 0.0)

    def end(self, name: str) -> float:
        """Stop the clock of a stage; returns its seconds."""
        seconds = time.monotonic() - self._began.pop(name)
        self.times[name] += seconds
        return seconds

    def elapsed(self, name: str) -> float:
        """Seconds since a stage began."""
        return time.monotonic() - self._began[name]

    def left_s(self, name: str, fraction: float | None) -> float | None:
        """Estimate the seconds until the end of the whole plan.

        Args:
            name: stage at work.
            fraction: share of it that is done, 0 to 1, or ``None`` if not known.

        Returns:
            The rest of this stage (from its own speed, else from the plan) plus the planned stages that have
            not begun, the latter scaled by how the finished stages compared with their plan. ``None`` where
            neither is known.
        """
        elapsed = self.elapsed(name)
        if fraction:
            rest = elapsed * (1 - min(fraction, 1.0)) / fraction
        elif name in self._expected:
            rest = max(self._expected[name] - elapsed, 0.0)
        else:
            return None
        done = [(self.times[n], e) for n, e in self._expected.items() if n in self.times and n != name]
        planned, took = sum(e for _, e in done), sum(t for t, _ in done)
        # Half of the weight stays on the plan until a minute of it has been seen.
        scale = (took + 60.0) / (planned + 60.0)
        waiting = sum(e for n, e in self._expected.items() if n not in self.times)
        return rest + scale * waiting


class _SilentStage:
    def advance(self, n: float = 1, message: str = "") -> None:
        """Ignore the report."""


class SilentProgress:
    """Shows nothing; what is shown adds to it."""

    def __init__(self) -> None:
        self._clock = Clock()

    @property
    def times(self) -> Mapping[str, float]:
        """Wall time of each stage in seconds."""
        return self._clock.times

    def plan(self, expected_s: Mapping[str, float]) -> None:
        """Accept a plan."""
        self._clock.plan(expected_s)

    @contextmanager
    def stage(self, name: str, total: float | None = None) -> Iterator[Stage]:
        """Open a stage."""
        self._clock.begin(name)
        try:
            yield _SilentStage()
        finally:
            self._clock.end(name)

    def note(self, message: str) -> None:
        """Ignore the note."""


class _CountingStage:
    def __init__(self, total: float | None, show: Callable[[float, float | None, str], None]) -> None:
        self._total, self._show = total, show
        self._done = 0.0

    def advance(self, n: float = 1, message: str = "") -> None:
        """Show what is done, in units and as a share of the total."""
        self._done += n
        self._show(self._done, self._done / self._total if self._total else None, message)


class LineProgress(SilentProgress):
    """Writes a line when a stage ends, and every half minute within one; for logs and ``--verbose`` pipes."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    @contextmanager
    def stage(self, name: str, total: float | None = None) -> Iterator[Stage]:
        """Open a stage."""
        last = time.monotonic()

        def show(done: float, fraction: float | None, message: str) -> None:
            nonlocal last
            if time.monotonic() - last >= LINE_EVERY_S:
                last = time.monotonic()
                self._line(name, fraction, message)

        self._clock.begin(name)
        outcome = "stopped after"
        try:
            yield _CountingStage(total, show)
            outcome = "done in"
        finally:
            self.note(f"{name}: {outcome} {duration(self._clock.end(name))}")

    def _line(self, name: str, fraction: float | None, message: str) -> None:
        """Write where a stage stands."""
        parts = [name + ":"]
        if fraction is not None:
            parts.append(f"{min(fraction, 1):.0%}")
        if message:
            parts.append(message)
        left = self._clock.left_s(name, fraction)
        if left is not None:
            parts.append(f"({duration(left)} left in all)")
        self.note(" ".join(parts))

    def note(self, message: str) -> None:
        """Write the note."""
        self._console.print(escape(message), highlight=False, soft_wrap=True)


class TerminalProgress(SilentProgress):
    """Bars with the time left over all; use it as a context manager."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._bars = RichBars(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[note]}"),
            console=console,
        )

    def __enter__(self) -> "TerminalProgress":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    @contextmanager
    def stage(self, name: str, total: float | None = None) -> Iterator[Stage]:
        """Open a stage."""

        def show(done: float, fraction: float | None, message: str) -> None:
            left = self._clock.left_s(name, fraction)
            text = f"{duration(left)} left in all" if left is not None else ""
            note = escape(" · ".join(t for t in (text, message) if t))
            self._bars.update(task, completed=done, note=note)

        self._clock.begin(name)
        task = self._bars.add_task(escape(name), total=total, note="")
        try:
            yield _CountingStage(total, show)
            self._bars.update(task, total=total or 1, completed=total or 1, note="")
        finally:
            self._bars.stop_task(task)
            self._clock.end(name)

    def note(self, message: str) -> None:
        """Print the note above the bars."""
        self._bars.console.print(escape(message), highlight=False, soft_wrap=True)


def duration(seconds: float) -> str:
    """Return seconds as people say them, e.g. ``3 min 20 s``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
