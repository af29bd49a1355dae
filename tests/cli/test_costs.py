"""``sr2hls costs``: what is printed, and what goes wrong."""

import json
from pathlib import Path
from typing import Any

import pytest

from sr2hls.costs.measured_tables import measured_table


def test_show_prints_figures_and_where_they_come_from(sr2hls: Any) -> None:
    result = sr2hls("costs", "show", "--operator", "mul,add")
    assert result.code == 0
    about = measured_table("xcup").about
    assert about["date"] in result.out and about["tools"] in result.out and about["command"] in result.out
    lines = [line.split() for line in result.out.splitlines() if line.startswith(("mul", "add"))]
    rows = [r for r in measured_table("xcup").rows if r.operator in ("mul", "add")]
    assert [(line[0], line[1]) for line in lines] == [(r.operator, r.in_bits) for r in rows]


def test_show_as_json(sr2hls: Any) -> None:
    shown = json.loads(sr2hls("costs", "show", "--bits", "6", "--json").out)
    assert shown["about"]["family"] == "xcup" and "Yosys" in shown["about"]["tools"]
    assert shown["operators"]
    for row in shown["operators"]:
        assert "6" in row["in_bits"].replace("x", "+").split("+")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("show", "--family", "stratix"), "no measured costs of 'stratix' come with sr2hls, only of xcup"),
        (("show", "--operator", "tanh"), "operator 'tanh' was not measured: there are abs, add"),
        (("measure", "-o", "x", "--family", "ice40"), "family 'ice40' is unknown: give xcup, xc7, ecp5"),
        (("measure", "-o", "x", "--operator", "tanh"), "operator 'tanh' is not measured: there are abs, add"),
        (("show", "--table", "none.csv"), "cannot read the measured costs none.csv"),
    ],
)
def test_mistakes(sr2hls: Any, tmp_path: Path, monkeypatch: Any, arguments: Any, message: str) -> None:
    monkeypatch.chdir(tmp_path)
    result = sr2hls("costs", *arguments)
    assert result.code == 2 and message in " ".join(result.err.split())
    assert not list(tmp_path.iterdir())
