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
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
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
    """Shows nothing."""

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


class _LineStage:
    def __init__(self, owner: "LineProgress", name: str, total: float | None) -> None:
        self._owner, self._name, self._total = owner, name, total
        self._done = 0.0
        self._last = time.monotonic()

    def advance(self, n: float = 1, message: str = "") -> None:
        """Write a line if the last one is long enough ago."""
        self._done += n
        if time.monotonic() - self._last >= LINE_EVERY_S:
            self._last = time.monotonic()
            self._owner.line(self._name, self._done / self._total if self._total else None, message)


class LineProgress:
    """Writes a line when a stage ends, and every half minute within one; for logs and ``--verbose`` pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
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
        outcome = "stopped after"
        try:
            yield _LineStage(self, name, total)
            outcome = "done in"
        finally:
            text = f"{name}: {outcome} {duration(self._clock.end(name))}"
            self._console.print(escape(text), highlight=False, soft_wrap=True)

    def line(self, name: str, fraction: float | None, message: str) -> None:
        """Write where a stage stands."""
        parts = [name + ":"]
        if fraction is not None:
            parts.append(f"{min(fraction, 1):.0%}")
        if message:
            parts.append(message)
        left = self._clock.left_s(name, fraction)
        if left is not None:
            parts.append(f"({duration(left)} left in all)")
        self._console.print(escape(" ".join(parts)), highlight=False, soft_wrap=True)

    def note(self, message: str) -> None:
        """Write the note."""
        self._console.print(escape(message), highlight=False, soft_wrap=True)


class _TerminalStage:
    def __init__(self, owner: "TerminalProgress", name: str, task: TaskID, total: float | None) -> None:
        self._owner, self._name, self._task, self._total = owner, name, task, total
        self._done = 0.0

    def advance(self, n: float = 1, message: str = "") -> None:
        """Move the bar."""
        self._done += n
        fraction = self._done / self._total if self._total else None
        self._owner.show(self._name, self._task, self._done, fraction, message)


class TerminalProgress:
    """Bars with the time left over all; use it as a context manager."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._clock = Clock()
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
        task = self._bars.add_task(escape(name), total=total, note="")
        try:
            yield _TerminalStage(self, name, task, total)
            self._bars.update(task, total=total or 1, completed=total or 1, note="")
        finally:
            self._bars.stop_task(task)
            self._clock.end(name)

    def show(self, name: str, task: TaskID, done: float, fraction: float | None, message: str) -> None:
        """Move a bar and show the message with the time left."""
        left = self._clock.left_s(name, fraction)
        text = f"{duration(left)} left in all" if left is not None else ""
        self._bars.update(task, completed=done, note=escape(" · ".join(t for t in (text, message) if t)))

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
