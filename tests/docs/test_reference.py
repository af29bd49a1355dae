"""The reference has every class of the package that a documented function, method or field names."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_ENTRY = re.compile(r"^::: (sr2hls[\w.]*)\n((?:    .*\n)*)", re.M)
Definition = tuple[str, ast.stmt]
"""The module that defines a name, and the statement that does."""


def file_of(module: str) -> Path:
    path = ROOT / module.replace(".", "/")
    return path.with_suffix(".py") if path.with_suffix(".py").is_file() else path / "__init__.py"


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(file_of(module).read_text(encoding="utf-8"))


@cache
def imports_of(module: str) -> dict[str, tuple[str, str]]:
    nodes = (n for n in ast.walk(tree_of(module)) if isinstance(n, ast.ImportFrom))
    return {
        alias.asname or alias.name: (node.module or "", alias.name)
        for node in nodes
        if (node.module or "").startswith("sr2hls.")
        for alias in node.names
    }


def definition(module: str, name: str) -> Definition | None:
    """Where a name that a module has is defined; none where it is no class or function of the package."""
    for node in tree_of(module).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            return module, node
    found = imports_of(module).get(name)
    return definition(*found) if found else None


def documented() -> list[Definition]:
    found = []
    for page in sorted((ROOT / "docs" / "reference" / "api").glob("*.md")):
        for module, options in _ENTRY.findall(page.read_text(encoding="utf-8") + "\n"):
            members = re.search(r"members: \[([^\]]*)\]", options)
            if members:
                names = [name.strip() for name in members[1].split(",")]
            else:
                names = [
                    n.name for n in tree_of(module).body if isinstance(n, ast.ClassDef | ast.FunctionDef)
                ]
                names += imports_of(module) if file_of(module).name == "__init__.py" else []
            entries = [definition(module, name) for name in names if not name.startswith("_")]
            assert not members or None not in entries, f"{page.name}: {module} has not all of {names}"
            found += [entry for entry in entries if entry]
    return found


def annotations(node: ast.stmt) -> Iterator[ast.expr]:
    """Types of the arguments and results of public functions, and of public fields."""
    parts = node.body if isinstance(node, ast.ClassDef) else [node]
    for part in parts:
        if isinstance(part, ast.AnnAssign) and not ast.unparse(part.target).startswith("_"):
            yield part.annotation
        if isinstance(part, ast.FunctionDef) and not part.name.startswith("_"):
            yield from (a.annotation for a in (*part.args.args, *part.args.kwonlyargs) if a.annotation)
            yield from [part.returns] if part.returns else []


def names_in(annotation: ast.expr) -> Iterator[str]:
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "Annotated":
        assert isinstance(annotation.slice, ast.Tuple)
        annotation = annotation.slice.elts[0]  # the others are notes for the command line
    for node in ast.walk(annotation):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from re.findall(r"\w+", node.value)


def test_the_reference_has_every_class_that_it_names() -> None:
    entries = documented()
    known = {(module, node.name) for module, node in entries}  # type: ignore[attr-defined]
    missing: dict[str, str] = {}
    for module, node in entries:
        for name in (n for a in annotations(node) for n in names_in(a)):
            found = definition(module, name)
            if not found or not isinstance(found[1], ast.ClassDef) or name.startswith("_"):
                continue
            if (found[0], found[1].name) not in known:
                missing[f"{found[0]}.{found[1].name}"] = node.name  # type: ignore[attr-defined]
    assert not missing, f"not in docs/reference/api: {missing}"
