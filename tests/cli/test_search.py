"""``sr2hls search``: data in, halls of fame out that ``lower`` reads, resumable, on a cluster."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy

from sr2hls.costs import Operators
from sr2hls.flow.rows import load_table
from sr2hls.flow.search import search_cost
from sr2hls.options import LowerOptions, SearchCost, StudyOptions
from sr2hls.search import Frontier
from sr2hls.search.formula_source import read_source


@pytest.fixture
def data(tmp_path: Path) -> Path:
    X = np.random.default_rng(0).uniform(-2, 2, (60, 2))
    rows = "".join(f"{a},{b},{a * b},{a + 1}\n" for a, b in X)
    (tmp_path / "data.csv").write_text(f"pt,eta,product,sum\n{rows}")
    return tmp_path / "data.csv"


def test_search_then_lower(sr2hls: Any, data: Path, tmp_path: Path) -> None:
    arguments = ("search", data, "--target-column", "product", "--features", "pt,eta", "--operators", "+ - *")
    more = ("--engines", "operon", "--restarts", 1, "--cost", "area", "-o", tmp_path / "out")
    first = sr2hls(*arguments, *more, "--json")
    assert first.code == 0, first.err
    found = json.loads(first.out)
    assert found["input_names"] == ["pt", "eta"] and found["cost_model"]["unit"] == "LUT"
    front = Frontier.load(tmp_path / "out" / "search.json")[0]
    pt, eta = sympy.symbols("x0 x1")
    assert front.select("loss").expr == pt * eta
    source = read_source(LowerOptions(source=str(tmp_path / "out"), output=tmp_path / "x", choose="loss"))
    assert source.names == ("eta", "pt")
    assert source.formulas["y"] == pt * eta
    written = (tmp_path / "out" / "tasks").stat().st_mtime_ns
    again = sr2hls(*arguments, *more, "--seeds", "0")
    assert again.code == 0 and "sr2hls lower" in again.out
    assert (tmp_path / "out" / "tasks").stat().st_mtime_ns == written, "nothing is searched twice"
    wider = sr2hls(*arguments, *more, "--seeds", "0,1", "--quiet")
    assert wider.code == 0 and wider.out == ""
    assert len(list((tmp_path / "out" / "tasks").glob("*.json"))) == 2
    other = sr2hls(*arguments, *more, "--max-size", 7)
    assert other.code == 2 and "holds a study of other data, costs or options" in other.err


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--seeds", "a"), "--seeds 'a' are not integers"),
        (("--operators", "+ spline"), "unknown operator 'spline'"),
        (("--engines", "gplearn"), "engine 'gplearn' is unknown"),
        (("--precision", "ap_fixed<9,1>"), "no published clock cycles for ap_fixed<9,1>"),
        (("--scheduler", "tcp://127.0.0.1:9"), "cannot reach the Dask scheduler tcp://127.0.0.1:9"),
        (("--jobs", "0"), "jobs is 0"),
        (("--target-column", "energy"), "energy"),
    ],
)
def test_mistakes(
    sr2hls: Any,
    data: Path,
    tmp_path: Path,
    flags: tuple[str, ...],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sr2hls.search.parallel._CONNECT_S", 1.0)
    known = () if "--target-column" in flags else ("--target-column", "product")
    engine = () if "--engines" in flags else ("--engines", "operon")
    result = sr2hls("search", data, *known, *engine, "-o", tmp_path / "out", *flags)
    assert result.code == 2
    assert message in " ".join(result.err.split())


def test_rows_that_are_not_finite_are_left_out_if_asked(sr2hls: Any, tmp_path: Path) -> None:
    rows = "".join(f"{x / 10},{x / 5}\n" for x in range(60))
    (tmp_path / "data.csv").write_text(f"pt,y\n{rows}nan,1\n")
    arguments = (
        "search",
        tmp_path / "data.csv",
        tmp_path / "out",
        "--operators",
        "+ *",
        "--engines",
        "operon",
    )
    refused = sr2hls(*arguments)
    assert refused.code == 2 and "drop such rows with --drop-nonfinite" in refused.err
    assert sr2hls(*arguments, "--restarts", 1, "--drop-nonfinite").code == 0
    lower = LowerOptions("2*pt", tmp_path / "circuit", data=tmp_path / "data.csv", drop_nonfinite=True)
    table = load_table(lower, read_source(lower))
    assert table is not None and len(table.X) == 60


def test_costs(tmp_path: Path) -> None:
    x, y = sympy.symbols("x0 x1")

    def cost(kind: SearchCost, **more: Any) -> float:
        options = StudyOptions(data=tmp_path, output=tmp_path, cost=kind, **more)
        return search_cost(options, Operators(), SearchCost.COMBINED).cost(sympy.sin(x * y) * sympy.exp(x))

    assert cost(SearchCost.CYCLES) == 8 + 3 + 1 + 1 + 3
    assert cost(SearchCost.PATH) == 1 + 8 + 1
    combined = cost(SearchCost.COMBINED, luts_a_cycle=10.0)
    assert combined == cost(SearchCost.AREA) + 10 * cost(SearchCost.PATH)
    table = tmp_path / "mine.toml"
    table.write_text(
        'unit = "cycles"\nprecision = "ap_fixed<16,6>"\norigin = "measured"\nsource = "mine"\n'
        '[costs]\n"*" = 2\nsin = 5\nexp = 4\n"+" = 1\n"-" = 1\n'
    )
    assert cost(SearchCost.PATH, cost_table=table) == 2 + 5 + 2


@pytest.mark.slow
def test_on_a_cluster(sr2hls: Any, data: Path, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        result = sr2hls(
            *("search", data, "--target-column", "product", "--features", "pt,eta", "--operators", "+,*"),
            *("--engines", "operon", "--restarts", 1, "--seeds", "0,1", "-o", tmp_path / "out"),
            *("--scheduler", cluster.scheduler_address),
        )
    assert result.code == 0, result.err
    assert len(list((tmp_path / "out" / "tasks").glob("*.json"))) == 2
    assert Frontier.load(tmp_path / "out" / "search.json")[0].select("loss").loss < 1e-20
