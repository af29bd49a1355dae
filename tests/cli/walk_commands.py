"""All commands of the command line, for tests that go through them."""

from collections.abc import Iterator

from cyclopts import App


def walk(group: App, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], App]]:
    """Yield every command with the words that call it."""
    for name in group:
        if not name.startswith("-"):
            inner = group[name]
            if inner.default_command is not None:
                yield (*path, name), inner
            yield from walk(inner, (*path, name))
