"""Public functions that take or give arrays say their shapes; those that refuse input say how."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2] / "sr2hls"
ARRAYS = ("Array", "NDArray", "ArrayLike", "Tensor")
SHAPE = re.compile(r"shape|scalar|\((?:[a-z]\w*|\d+), ?(?:[a-z]\w*|\d+)?\)|See `|see `")
"""A shape in words or as (rows, inputs), or the docstring that has it."""
UNTOUCHED = ("program/interpreter.py", "program/kernels.py")
"""Files of the contract, which are left as they are."""


def public_functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    for path in sorted(ROOT.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        name = path.relative_to(ROOT).as_posix()
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                yield f"{name}:{node.name}", node
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                for item in node.body:
                    if isinstance(item, ast.FunctionDef) and not item.name.startswith("_"):
                        yield f"{name}:{node.name}.{item.name}", item


def takes_arrays(function: ast.FunctionDef) -> bool:
    arguments = [*function.args.args, *function.args.kwonlyargs]
    texts = [ast.unparse(a.annotation) for a in arguments if a.annotation is not None]
    return any(word in text for text in texts for word in ARRAYS)


def test_functions_that_take_arrays_say_their_shapes() -> None:
    silent = [
        name
        for name, function in public_functions()
        if takes_arrays(function)
        and not name.startswith(UNTOUCHED)
        and not SHAPE.search(ast.get_docstring(function) or "")
    ]
    assert not silent, f"{len(silent)} say no shape: {', '.join(silent)}"


def test_functions_that_raise_for_the_user_say_so() -> None:
    silent = []
    for name, function in public_functions():
        raised = {
            node.exc.func.id
            for node in ast.walk(function)
            if isinstance(node, ast.Raise)
            and isinstance(node.exc, ast.Call)
            and isinstance(node.exc.func, ast.Name)
            and node.exc.func.id.endswith("Error")
        }
        if raised and "Raises:" not in (ast.get_docstring(function) or ""):
            silent.append(name)
    assert not silent, f"{len(silent)} raise and do not say so: {', '.join(silent)}"


def test_no_public_function_takes_more_than_twelve_arguments() -> None:
    long = []
    for name, function in public_functions():
        arguments = [a.arg for a in (*function.args.args, *function.args.kwonlyargs)]
        count = len([a for a in arguments if a not in ("self", "cls")])
        if count > 12:
            long.append(f"{name} ({count})")
    assert not long, f"more than twelve arguments: {', '.join(long)}"
