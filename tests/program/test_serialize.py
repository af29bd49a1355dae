import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sr2hls.errors import InputError
from sr2hls.program.program import Program
from sr2hls.program.serialize import digest, from_dict, load, to_dict
from sr2hls.verify.random_programs import random_program

from .strategies import programs


@settings(max_examples=60, deadline=None)
@given(programs(max_width=20))
def test_round_trip(program: Program) -> None:
    text = json.dumps(to_dict(program))
    assert from_dict(json.loads(text)) == program


def test_load(tmp_path: Path) -> None:
    program = random_program(3)
    path = tmp_path / "program.json"
    path.write_text(json.dumps(to_dict(program)))
    assert load(path) == program


def test_digest_sees_the_meaning_and_nothing_else() -> None:
    program = random_program(3)
    data = to_dict(program)
    for op in data["operations"]:
        op["origin"] = "renamed"
    data["inputs"] = [f"other{k}" for k in range(program.n_inputs)]
    assert digest(from_dict(data)) == digest(program)
    assert digest(random_program(4)) != digest(program)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("format"), "the key 'format' must be 'sr2hls-program-1'"),
        (lambda d: d.pop("outputs"), "the key 'outputs' is missing"),
        (lambda d: d["operations"][1].pop("args"), "the key 'args' is missing"),
        (lambda d: d["operations"][1].update(op="exec"), "unknown operation 'exec'"),
        (lambda d: d["operations"][1].update(op=["neg"]), "is not of type str"),
        (lambda d: d["operations"][1].update(args=[1.5]), "'1.5' is not of type int"),
        (lambda d: d["operations"][1].update(args="0"), "'0' is not of type list"),
        (lambda d: d["operations"][0]["type"].update(width="6"), "'6' is not of type int"),
        (lambda d: d["operations"][0]["type"].update(signed=1), "'1' is not of type bool"),
        (lambda d: d["operations"][0]["type"].update(rounding="up"), "'up' is not a valid Rounding"),
        (lambda d: d["operations"][0]["type"].update(width=65), "width 65 of"),
        (lambda d: d["outputs"][0].update(value=True), "'True' is not of type int"),
        (lambda d: d["outputs"][0].update(value=float("inf")), "'inf' is not of type int"),
        (lambda d: d["outputs"][0].update(value=10**6), "output %1000000 is not an operation"),
        (lambda d: d.update(operations={}), "is not of type list"),
        (lambda d: d.update(inputs=None), "'None' is not of type list"),
    ],
)
def test_malformed(change: Any, message: str) -> None:
    data = to_dict(random_program(3, n_inputs=1))
    change(data)
    with pytest.raises(InputError, match=message):
        from_dict(data)


JUNK: list[Any] = [
    None,
    True,
    -1,
    0,
    10**30,
    1.5,
    float("nan"),
    float("inf"),
    "",
    "x",
    [],
    [[]],
    {},
    {"a": 1},
]


def mutate(data: Any, rng: random.Random) -> Any:
    """Replace one random node of a JSON tree by junk, or drop or repeat it."""
    if not isinstance(data, dict | list) or not data or rng.random() < 0.2:
        return rng.choice(JUNK)
    key = rng.choice(list(data)) if isinstance(data, dict) else rng.randrange(len(data))
    what = rng.random()
    if what < 0.1:
        del data[key]
    elif what < 0.2 and isinstance(data, list):
        data.append(data[key])
    else:
        data[key] = mutate(data[key], rng)
    return data


def test_fuzz() -> None:
    """Whatever is broken, reading gives a program or an InputError, nothing else."""
    rng = random.Random(0)
    whole = [to_dict(random_program(k, n_operations=6)) for k in range(10)]
    refused = 0
    for _ in range(3000):
        data = mutate(copy.deepcopy(rng.choice(whole)), rng)
        try:
            assert isinstance(from_dict(data), Program)
        except InputError as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused > 1500


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"[]", b"1" * 5000, b"NaN"])
def test_files_that_hold_no_program(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"broken\.json"):
        load(path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read the program '.*none\.json'"):
        load(tmp_path / "none.json")


@settings(max_examples=100, deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))  # fmt: skip
def test_any_json(data: Any) -> None:
    with pytest.raises(InputError):
        from_dict(data)
    with pytest.raises(InputError):
        from_dict({"format": "sr2hls-program-1", "operations": data, "inputs": data, "outputs": data})
