"""Tables of operator costs: the published one, and the user's own."""

import pickle
from pathlib import Path

import pytest

from sr2hls.costs import load_table, published_cycles
from sr2hls.errors import InputError
from sr2hls.provenance import Origin

GOOD = """
unit = "LUT"
precision = "ap_fixed<12,4>"
origin = "measured"
source = "some tool 1.0"
part = "xcvu9p"
clock_ns = 4
[costs]
"+" = 12
"*" = 90.5
pow_abs = 200
"""


def test_published_table_has_what_the_paper_gives() -> None:
    table = published_cycles("ap_fixed<16,6>")
    assert {k: table[k] for k in ("+", "*", "/", "sin", "exp", "tanh")} == {
        "+": 1, "*": 1, "/": 29, "sin": 8, "exp": 3, "tanh": 51,
    }  # fmt: skip
    assert table.provenance.origin is Origin.PUBLISHED
    assert "2305.04099" in table.provenance.source
    assert table.clock_ns == 5.0
    assert published_cycles(" ap_fixed<18, 10> ")["tanh"] == 60


def test_precision_matters() -> None:
    assert published_cycles("ap_fixed<10,6>")["/"] == 17


def test_unpublished_operator_is_made_of_published_parts_and_marked() -> None:
    table = published_cycles()
    assert table["cos"] == table["sin"] + table["+"]
    assert table["cube"] == 2 * table["*"]


def test_missing_operator_is_named() -> None:
    table = published_cycles()
    assert table.get("erf") is None
    with pytest.raises(
        InputError, match=r"no cost for operator 'erf' in the published table for ap_fixed<16,6>"
    ):
        table["erf"]


def test_unknown_precision_lists_the_known_ones() -> None:
    with pytest.raises(
        InputError, match=r"no published clock cycles for ap_fixed<20,6>: choose one of ap_fixed<10,6>"
    ):
        published_cycles("ap_fixed<20,6>")
    with pytest.raises(InputError, match="precision 'fixed16' is not understood"):
        published_cycles("fixed16")


def test_own_table(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(GOOD)
    table = load_table(file)
    assert (table["+"], table["*"], table["^"], table.unit) == (12, 90.5, 200, "LUT")
    assert str(table.provenance) == "measured: some tool 1.0, xcvu9p"


def test_own_table_as_json(tmp_path: Path) -> None:
    file = tmp_path / "own.json"
    file.write_text(
        '{"unit": "cycles", "precision": "ap_fixed<8,3>", "origin": "estimated", "source": "me",'
        ' "costs": {"+": 2}}'
    )
    assert load_table(file)["+"] == 2


def test_tables_travel_to_other_processes(tmp_path: Path) -> None:
    table = published_cycles()
    assert pickle.loads(pickle.dumps(table)) == table


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('unit = "LUT"\n', "", "key 'unit' is missing"),
        ('"+" = 12', '"+" = -1', r"cost of operator '\+' is -1"),
        ('"+" = 12', '"+" = "much"', r"cost of operator '\+' is 'much'"),
        ('"+" = 12', '"+" = true', r"cost of operator '\+' is True"),
        ('"+" = 12', '"+" = inf', r"cost of operator '\+' is inf"),
        ('"+" = 12', "plus1 = 12", "unknown operator 'plus1'"),
        ('origin = "measured"', 'origin = "guessed"', "origin 'guessed' is unknown"),
        ('precision = "ap_fixed<12,4>"', 'precision = "16 bits"', "precision '16 bits' is not understood"),
        ("clock_ns = 4", "clock_ns = 0", "clock_ns is 0"),
        ("clock_ns = 4", "clock_mhz = 200", "unknown key 'clock_mhz'"),
        ("[costs]", "[costs", "is not valid TOML"),
    ],
)
def test_bad_tables(tmp_path: Path, old: str, new: str, message: str) -> None:
    file = tmp_path / "own.toml"
    assert old in GOOD
    file.write_text(GOOD.replace(old, new))
    with pytest.raises(InputError, match=message) as caught:
        load_table(file)
    assert str(file) in str(caught.value)


def test_missing_table(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read the cost table"):
        load_table(tmp_path / "none.toml")
