"""What sr2hls says: an option that a message or a help text names is one that the command has.

Which messages a command can say is read from the code: those of the modules that it imports, directly or not.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from walk_commands import walk

import sr2hls
from sr2hls.cli.main import app

ROOT = Path(sr2hls.__file__).parent
COMMANDS = {" ".join(path): command for path, command in walk(app)}
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*[a-z]")
QUOTED = re.compile(r"['`]([a-z0-9]+) ([^'`]*)['`]")
"""A command line in a message: `pip install --upgrade x`, `sr2hls costs measure --family xcup`."""
NEVER_SAID = {
    # lower takes no checkpoint; it shares types with what loads one.
    *(
        ("lower", f"sr2hls.{m}")
        for m in ("prepare", *(f"teacher.{t}" for t in ("onnx_file", "state_dict", "torch_run")))
    ),
    # compile and explore read no formulas; their reports share types with those of what does.
    *(
        (command, module)
        for command in ("compile", "explore")
        for module in (
            "sr2hls.flow.rows",
            "sr2hls.search.source",
            "sr2hls.program.measured",
            "sr2hls.program.meet",
        )
    ),
}
LONG = ["compile", "explore", "distil", "lower", "search", "costs measure"]


def name_of(file: Path) -> str:
    parts = ("sr2hls", *file.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(file): file for file in ROOT.rglob("*.py")}


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


@cache
def imports(module: str) -> frozenset[str]:
    found = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (inner & MODULES.keys()) or ({node.module} & MODULES.keys())
    return frozenset(found)


def reached(command: str) -> set[str]:
    """Return the modules that a command imports; the other commands are not among them."""
    start = f"sr2hls.cli.{command.split()[0]}"
    seen, waiting = {start}, [start]
    while waiting:
        new = imports(waiting.pop()) - seen
        seen |= new
        waiting += new
    return {m for m in seen if not m.startswith(("sr2hls.cli", "sr2hls.options"))}


@cache
def messages(module: str) -> tuple[str, ...]:
    """Return the texts of a module that are sentences with options: no docstrings, no flags for tools."""

    def text(node: ast.AST) -> str:
        if isinstance(node, ast.JoinedStr):
            return "".join(text(value) for value in node.values)
        return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else "…"

    nodes = list(ast.walk(tree(module)))
    apart = {id(n.value) for n in nodes if isinstance(n, ast.Expr)}
    apart |= {id(value) for n in nodes if isinstance(n, ast.JoinedStr) for value in n.values}
    texts = {text(n) for n in nodes if isinstance(n, ast.Constant | ast.JoinedStr) and id(n) not in apart}
    return tuple(t for t in sorted(texts) if "--" in t and " " in t and not t.startswith("-"))


@cache
def options_of(command: str | None) -> frozenset[str]:
    """Return the options of a command, or of all of them together."""
    if command not in COMMANDS:
        return frozenset().union(*map(options_of, COMMANDS))
    arguments = [a for a in COMMANDS[command].assemble_argument_collection() if a.show]
    return frozenset({"--help", "--debug"}.union(*(a.names for a in arguments)))


def named(text: str, own: str | None) -> Iterator[tuple[str | None, str]]:
    """Yield the options that a text names, each with the command that it is said to be of."""
    ours = []
    for program, rest in QUOTED.findall(text):
        words = rest.split()
        if program == "sr2hls" and words:
            group = next((" ".join(pair) for pair in pairwise(words) if " ".join(pair) in COMMANDS), words[0])
            ours += [(group, option) for option in OPTION.findall(rest)]
    yield from ours
    yield from ((own, option) for option in OPTION.findall(QUOTED.sub("", text)))


def missing(text: str, own: str | None) -> list[str]:
    """Return the options that a text names and that its command, or no command, has."""
    return [
        f"{option} of {command or 'any command'}: {text}"
        for command, option in named(text, own)
        if option not in options_of(command)
    ]


def test_every_option_that_is_named_is_there() -> None:
    assert [m for module in sorted(MODULES) for text in messages(module) for m in missing(text, None)] == []


@pytest.mark.parametrize("command", LONG)
def test_a_command_names_options_that_it_has(command: str) -> None:
    modules = sorted(m for m in reached(command) if (command, m) not in NEVER_SAID)
    assert len(modules) > 20
    assert [m for module in modules for text in messages(module) for m in missing(text, command)] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_options_that_the_command_has(command: str) -> None:
    arguments = COMMANDS[command].assemble_argument_collection(parse_docstring=True)
    texts = [a.parameter.help or "" for a in arguments if a.show]
    assert [m for text in texts for m in missing(text, command)] == []


def test_the_test_finds_what_it_looks_for() -> None:
    assert missing("mend the data, or drop rows with --drop-rows", None) != []
    assert missing("give the network as --model m", "lower") != []
    assert missing("run 'sr2hls costs measure --luts 3'", "compile") != []
    assert missing("run 'pip install --upgrade x', or 'sr2hls costs measure --family xc7'", "lower") == []
    assert any("--drop-nonfinite" in text for text in messages("sr2hls.data.dataset"))
    assert "sr2hls.data.dataset" in reached("lower") & reached("search") & reached("distil")
