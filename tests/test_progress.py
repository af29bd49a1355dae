import io

import pytest
from rich.console import Console

from sr2hls import progress as module
from sr2hls.progress import Clock, LineProgress, Progress, SilentProgress, TerminalProgress, duration


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    time = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: time[0])
    return time


def _text(width: int = 200, terminal: bool = False) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, width=width, force_terminal=terminal), out


def test_time_left_comes_from_speed_and_plan(now: list[float]) -> None:
    clock = Clock()
    clock.plan({"search": 60, "verify": 30, "synthesis": 30})
    clock.begin("search")
    now[0] += 10
    assert clock.left_s("search", None) == pytest.approx(50 + 60)
    assert clock.left_s("search", 0.25) == pytest.approx(30 + 60)
    now[0] += 110
    assert clock.end("search") == 120
    clock.begin("verify")
    # The search took 120 s instead of 60 s: what is planned counts (120 + 60) / (60 + 60) times.
    assert clock.left_s("verify", None) == pytest.approx(30 + 1.5 * 30)
    now[0] += 30
    clock.end("verify")
    clock.begin("else")
    assert clock.left_s("else", None) is None


@pytest.mark.parametrize(
    "make", [SilentProgress, lambda: LineProgress(_text()[0]), lambda: TerminalProgress(_text()[0])]
)
def test_times_are_kept_even_if_a_stage_fails(make: type[SilentProgress], now: list[float]) -> None:
    progress: Progress = make()
    progress.plan({"a": 1.0})
    with progress.stage("a", total=2) as stage:
        stage.advance(message="[/] half")
        now[0] += 3
    with pytest.raises(ValueError, match="x"), progress.stage("b"):
        now[0] += 4
        raise ValueError("x")
    with progress.stage("a"):
        now[0] += 5
    assert dict(progress.times) == {"a": 8.0, "b": 4.0}


def test_lines_tell_how_a_stage_ended(now: list[float]) -> None:
    console, out = _text()
    progress = LineProgress(console)
    with progress.stage("search [x]", total=4) as stage:
        stage.advance()
        now[0] += 40
        stage.advance(message="best [0.1]")
        now[0] += 5
        stage.advance(message="not yet")
    with pytest.raises(KeyboardInterrupt), progress.stage("verify"):
        now[0] += 61
        raise KeyboardInterrupt
    progress.note("Operon was taken: no Julia [here]")
    assert out.getvalue().splitlines() == [
        "search [x]: 50% best [0.1] (40 s left in all)",
        "search [x]: done in 45 s",
        "verify: stopped after 1 min 01 s",
        "Operon was taken: no Julia [here]",
    ]


def test_bars_show_the_time_left(now: list[float]) -> None:
    console, out = _text(terminal=True)
    with TerminalProgress(console) as progress:
        with progress.stage("search", total=4) as stage:
            now[0] += 90
            stage.advance(3, "best 0.1")
            progress._bars.refresh()
        progress.note("done")
    assert "30 s left in all · best 0.1" in out.getvalue()
    assert "done" in out.getvalue()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (59.4, "59 s"), (60, "1 min 00 s"), (3725, "1 h 02 min")],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text
