"""Costs in Julia: against a recorded run, and against our own cost of random trees, by reading the code."""

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sr2hls.costs import (
    FoldCost,
    Operators,
    Tree,
    additive_cycles,
    area,
    estimated_luts,
    longest_path,
    published_cycles,
    weighted,
)
from sr2hls.costs.tree import const, var
from sr2hls.errors import InputError
from sr2hls.search.expressions import tree_from_text
from sr2hls.search.halloffame import read_rows
from sr2hls.search.pysr.complexity import complexity_mapping, complexity_unit
from sr2hls.search.pysr.template import compose_template, is_template

RUNS = Path(__file__).parents[1] / "data" / "pysr_runs"
CYCLES = published_cycles()
UNARY, BINARY = ["sin", "exp", "square"], ["+", "-", "*", "/", "^"]
MODELS = {
    "additive": additive_cycles(CYCLES),
    "path": longest_path(CYCLES),
    "area": area(estimated_luts("ap_fixed<12,4>")),
    "area without tables": area(estimated_luts("ap_fixed<12,4>"), table_bits=None),
    "combined": weighted("both", "LUT", [(1.0, area(estimated_luts())), (40.0, longest_path(CYCLES))]),
}


def test_longest_path_of_every_recorded_row() -> None:
    """The run was made with Julia code for the longest path: our cost of a row is its complexity."""
    rows = read_rows(RUNS / "depth_mapping" / "hall_of_fame.csv")
    assert len(rows) == 10
    for row in rows:
        assert MODELS["path"].tree_cost(tree_from_text(row.equation)) == row.complexity


@pytest.mark.parametrize("run", ["heat_cycles", "jets"])
def test_additive_cycles_of_every_recorded_row(run: str) -> None:
    for file in sorted((RUNS / run).glob("hall_of_fame*.csv")):
        for row in read_rows(file):
            assert MODELS["additive"].tree_cost(tree_from_text(row.equation)) == row.complexity


def test_code_charges_what_the_recorded_code_charged() -> None:
    recorded = json.loads((RUNS / "depth_mapping" / "call.json").read_text())["kwargs"]
    code = complexity_mapping(MODELS["path"], recorded["unary_operators"], recorded["binary_operators"])

    def tuples(text: str) -> list[list[float]]:
        return [
            [float(v) for v in m.split(",") if v.strip()]
            for m in re.findall(r"\(([\d., ]+)\)\[node\.op\]", text)
        ]

    assert tuples(code) == tuples(recorded["complexity_mapping"]) == [[8, 3], [1, 1, 1, 29]]


def python_of(code: str) -> str:
    """The generated Julia as Python, for the few constructs that it uses; anything else is an error."""
    out: list[str] = []
    depth = 0
    for line in code.splitlines():
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if text == "end":
            depth -= 1
            continue
        opened = False
        if match := re.fullmatch(r"function (\w+)\((\w+)\)", text):
            text, opened = f"def {match[1]}({match[2]}):", True
        elif match := re.fullmatch(r"merge\(a, b\) = (.*)", text):
            text = "merge = lambda a, b: b if a == 0 else (a if (b == 0 or a == b) else -1)"
        elif match := re.fullmatch(r"(.*) && return (.*)", text):
            text = f"if {match[1]}: return {match[2]}"
        elif match := re.fullmatch(r"(if|elseif) (.*)", text):
            text = f"{'if' if match[1] == 'if' else 'elif'} {match[2]}:"
            depth -= match[1] == "elseif"
            opened = True
        elif text == "else":
            text, depth, opened = "else:", depth - 1, True
        text = text.replace("&&", "and").replace("||", "or")
        text = re.sub(r"node\.constant \? 0 : (Int\(node\.feature\))", r"0 if node.constant else \1", text)
        text = re.sub(r"\[node\.op\]", "[node.op - 1]", text)
        text = text.replace("ndigits(n - 1, base=2) * (n > 1)", "(n - 1).bit_length()")
        text = text.replace("ndigits(n, base=2)", "n.bit_length()").replace("count_ones(n)", "n.bit_count()")
        text = text.replace("(tree)[1]", "(tree)[0]")
        text = text.replace("2.0^20", "2.0**20").replace("Int(", "int(")
        text = re.sub(r"isinteger\(([\w.]+)\)", r"float(\1).is_integer()", text)
        text = re.sub(r"round\(Int, (.*)\)\)$", r"round(\1))", text)
        out.append("    " * depth + text)
        depth += opened
    assert depth == 0
    return "\n".join(out)


def node_of(tree: Tree) -> Any:
    if tree.op == "var":
        return SimpleNamespace(degree=0, constant=False, feature=int(str(tree.value)[1:]) + 1)
    if tree.op == "const":
        return SimpleNamespace(degree=0, constant=True, val=tree.value)
    children = [node_of(a) for a in tree.args]
    if len(children) == 1:
        return SimpleNamespace(degree=1, op=UNARY.index(tree.op) + 1, l=children[0])
    return SimpleNamespace(degree=2, op=BINARY.index(tree.op) + 1, l=children[0], r=children[1])


def random_tree(rng: np.random.Generator, depth: int) -> Tree:
    if depth == 0 or rng.random() < 0.2:
        return var(f"x{rng.integers(3)}") if rng.random() < 0.6 else const(float(rng.integers(-2, 9)) / 2)
    if rng.random() < 0.35:
        return Tree(str(rng.choice(UNARY)), (random_tree(rng, depth - 1),))
    op = str(rng.choice(BINARY))
    return Tree(op, (random_tree(rng, depth - 1), random_tree(rng, depth - 1)))


@pytest.mark.parametrize("name", MODELS)
def test_code_means_what_our_cost_means(name: str) -> None:
    model = MODELS[name]
    unit = complexity_unit(model, UNARY + BINARY)
    code = complexity_mapping(model, UNARY, BINARY, unit)
    space: dict[str, Any] = {"get_tree": lambda ex: ex}
    # The code is our own template's output, turned into Python above; no text of a user is in it.
    exec(python_of(code), space)
    rng = np.random.default_rng(11)
    for _ in range(300):
        tree = random_tree(rng, 5)
        expected = max(1, round(model.tree_cost(tree) / unit))
        assert space["sr2hls_cost"](node_of(tree)) == expected, tree


def test_unit_keeps_the_numbers_small() -> None:
    unit = complexity_unit(MODELS["area"], UNARY + BINARY)
    steps = [MODELS["area"].parts[0].table[n] / unit for n in UNARY + BINARY]
    assert max(steps) <= 100
    assert complexity_unit(MODELS["path"], ["+", "sin"]) == 1


def test_costs_without_a_number_are_refused() -> None:
    table = MODELS["path"].parts[0].table
    infinite = FoldCost("x", "cycles", MODELS["path"].parts, table.provenance, floor=float("inf"))
    with pytest.raises(InputError, match="cost inf cannot be written in Julia"):
        complexity_mapping(infinite, ["sin"], ["+"])


def test_template_rows_are_composed() -> None:
    row = "f = sin(#1) * 2.5; g = (#2 + 0.5) / #1"
    assert is_template(row)
    assert not is_template("sin(x0) * 2.5")
    expr = compose_template(row, "f(x2)^2 + g(x0, x1 * x1)", Operators())
    assert str(expr) == "6.25*sin(x2)**2 + (x1**2 + 0.5)/x0"


@pytest.mark.parametrize(
    ("row", "combine", "message"),
    [
        ("f = #1; #2", "f(x0)", "'#2' is no part of a template"),
        ("f = #1", "g(x0)", "does not use its part 'f'"),
        ("f = #2", "f(x0)", "'f' takes 2 arguments, not 1"),
        ("sin = #1", "sin(x0)", "operator 'sin' exists already"),
    ],
)
def test_bad_templates(row: str, combine: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        compose_template(row, combine, Operators())
