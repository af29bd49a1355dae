"""Malformed files for `fuzz.py`: good ones of every kind, and seeded ways to spoil them."""

import copy
import io
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import onnx
import pandas as pd
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from sr2hls.costs import area, estimated_luts
from sr2hls.data import InputFormat
from sr2hls.search import read_hall_of_fame

ROOT = Path(__file__).resolve().parents[1]

WORDS = (
    "", "0", "-1", "1e999", "nan", "NaN", "inf", "-Infinity", "1" * 400, "9^9^9^9", "1/0", "0/0", "x0",
    "x99999999", "é", "\u202e", "\x00", "\x1b[31m", "'", '"', "\\", "\n", "\r", "\t", ",", ";", "|", "=",
    "#", "[", "]", "{", "}", "(", ")", "((((((((", "))))))))", "**", "^", "/", "-", "lambda:0",
    "__import__('os')", "${HOME}", "$(id)", "`id`", "<script>alert(1)</script>", "../../x", "/", "true",
    "null", "9223372036854775808", "-9223372036854775809", "1e-320", "1e308", "exp(exp(exp(exp(9))))",
    "(x0^x0)^x0", "sin", "sin()", "tan(x0, x1)", "a.b", "x0[0]", "0x10", "1_000", "²", "x" * 3000,
)  # fmt: skip
"""What is spliced into texts."""

VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**30, 0.5, -0.0, 1e308, 1e-320, "", "x",
    "é\u202e\x00", "../../x", "<script>alert(1)</script>", "1e999", [], [[]], {}, {"": None}, [0] * 50,
    "9" * 500,
)  # fmt: skip
"""What takes the place of values in JSON; no list of numbers is long enough to be refused for its length."""

INTEGERS = (
    b"\xff\xff\xff\xff",
    b"\xff\xff\xff\x7f",
    bytes(4),
    b"\x01\0\0\0",
    b"\0\0\0\x80",
    bytes([255] * 8),
)
OPERATORS_OF_ONNX = ("Loop", "If", "Softmax", "Reshape", "Conv", "Einsum", "", "é", "Expand")
DIMENSIONS = (0, -1, 1, 2**31 - 1, 2**31, 2**40, 2**62, 2**63 - 1, -(2**63))


def spoil_bytes(content: bytes, generator: random.Random) -> bytes:
    """Change, remove, insert or repeat a few bytes."""
    data = bytearray(content)
    for _ in range(generator.choice([1, 1, 2, 4, 16])):
        at = generator.randrange(len(data))
        match generator.randrange(7):
            case 0:
                data[at] = generator.randrange(256)
            case 1:
                data[at] ^= 1 << generator.randrange(8)
            case 2:
                del data[at : at + generator.choice([1, 4, 100, 10_000])]
            case 3:
                integer = generator.choice(INTEGERS)
                data[at : at + len(integer)] = integer
            case 4:
                data[at:at] = generator.randbytes(generator.choice([1, 4, 30]))
            case 5:
                data[at:at] = data[at : at + generator.choice([4, 64, 1000])]
            case _:
                del data[at:]
        data = data or bytearray(b"x")
    return bytes(data)


def spoil_member(content: bytes, generator: random.Random) -> bytes:
    """Damage one member of an archive, or its name, and pack it again so that the checksums fit."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = generator.choice(sorted(members))
    match generator.randrange(8):
        case 0:
            del members[name]
        case 1:
            members[generator.choice(["../x", "/x", "a\\b", "x", "X.npy" * 99])] = members.pop(name)
        case _:
            members[name] = spoil_bytes(members[name] or b"x", generator)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", generator.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])) as archive:
        for key, value in members.items():
            archive.writestr(key, value)
    return out.getvalue()


def spoil_archive(content: bytes, generator: random.Random) -> bytes:
    """Damage an archive outside or, more often, inside."""
    return spoil_member(content, generator) if generator.random() < 0.7 else spoil_bytes(content, generator)


def spoil_text(content: bytes, generator: random.Random) -> bytes:
    """Splice words into a text, swap and drop pieces of it; now and then damage its bytes."""
    if generator.random() < 0.15:
        return spoil_bytes(content, generator)
    text = content.decode()
    for _ in range(generator.choice([1, 1, 2, 3, 8])):
        a, b = sorted(generator.randrange(len(text) + 1) for _ in range(2))
        b = min(b, a + generator.choice([0, 1, 3, 20]))
        match generator.randrange(4):
            case 0:
                text = text[:a] + text[b:]
            case 1:
                text = text[:b] + text[a:b] * generator.choice([1, 2, 50]) + text[b:]
            case _:
                text = text[:a] + generator.choice(WORDS) * generator.choice([1, 1, 1, 30]) + text[b:]
        text = text or "x"
    return text.encode("utf-8", "surrogatepass")


def spoil_json(content: bytes, generator: random.Random) -> bytes:
    """Replace, drop, rename and nest values of a JSON document; now and then damage its text."""
    if generator.random() < 0.2:
        return spoil_text(content, generator)
    holder: Any = [json.loads(content)]
    for _ in range(generator.choice([1, 1, 2, 5])):
        place: Any = holder
        key: Any = 0
        while isinstance(place[key], dict | list) and place[key] and generator.random() < 0.85:
            place = place[key]
            key = (
                generator.choice(sorted(place))
                if isinstance(place, dict)
                else generator.randrange(len(place))
            )
        match generator.randrange(6):
            case 0 if place is not holder:
                del place[key]
            case 1 if isinstance(place, dict):
                place[generator.choice([*sorted(place), *WORDS])] = place.pop(key)
            case 2:
                value = place[key]
                for _ in range(generator.choice([1, 3, 900])):
                    value = [value]
                place[key] = value
                break
            case _:
                place[key] = copy.deepcopy(generator.choice(VALUES))
    return json.dumps(holder[0]).encode()


def spoil_onnx(content: bytes, generator: random.Random) -> bytes:
    """Give a graph absurd shapes, types, operators, names and attributes; now and then damage its bytes."""
    if generator.random() < 0.4:
        return spoil_bytes(content, generator)
    model = onnx.load_from_string(content)
    graph = model.graph
    for _ in range(generator.choice([1, 1, 2, 4])):
        node = generator.choice(graph.node)
        value = generator.choice([*graph.input, *graph.output])
        weights = generator.choice(graph.initializer)
        match generator.randrange(11):
            case 0:
                dim = generator.choice(value.type.tensor_type.shape.dim or [None])
                if dim is not None:
                    dim.dim_value = generator.choice(DIMENSIONS)
            case 1:
                weights.dims[generator.randrange(len(weights.dims))] = generator.choice(DIMENSIONS)
            case 2:
                weights.data_type = generator.randrange(25)
            case 3:
                node.op_type = generator.choice(OPERATORS_OF_ONNX)
            case 4 if node.input:
                at = generator.randrange(len(node.input))
                node.input[at] = generator.choice(["", "y", "x", "nowhere", "W0"])
            case 5 if node.output:
                node.output[0] = generator.choice(["", "x", "y", "\x1b[31m"])
            case 6:
                name = generator.choice(["axis", "alpha", "to", "é"])
                node.attribute.append(helper.make_attribute(name, 2**40))
            case 7:
                model.opset_import[0].version = generator.choice([-1, 0, 1, 6, 99, 2**40])
            case 8:
                value.type.tensor_type.elem_type = generator.randrange(25)
            case 9:
                weights.raw_data = weights.raw_data[: generator.randrange(len(weights.raw_data) + 1)]
            case _:
                graph.node.append(node)
    return bytes(model.SerializeToString())


def _onnx(path: Path) -> None:
    generator = np.random.default_rng(5)
    shapes = {"W0": (3, 4), "b0": (4,), "W1": (4, 2), "b1": (2,)}
    weights = [
        numpy_helper.from_array(generator.normal(size=s).astype(np.float32), n) for n, s in shapes.items()
    ]
    nodes = [
        helper.make_node("MatMul", ["x", "W0"], ["a"]),
        helper.make_node("Add", ["a", "b0"], ["b"]),
        helper.make_node("Relu", ["b"], ["c"]),
        helper.make_node("Gemm", ["c", "W1", "b1"], ["y"], alpha=1.0),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", 2])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path.write_bytes(model.SerializeToString())


def network() -> nn.Sequential:
    """Return the network whose state_dict is fuzzed."""
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).eval()


def _torchscript(path: Path) -> None:
    torch.jit.save(torch.jit.trace(network(), torch.zeros(2, 3)), path)


def _exported(path: Path) -> None:
    torch.export.save(torch.export.export(network(), (torch.zeros(4, 3),)), path)


def _table() -> tuple[Any, Any]:
    generator = np.random.default_rng(1)
    return generator.normal(size=(40, 3)), np.arange(40) % 2


def _npz(path: Path) -> None:
    X, y = _table()
    np.savez(path, X=X, y=y, names=np.array(["a", "b", "c"]), classes=np.array(["s", "b"]))


def _csv(path: Path) -> None:
    X, y = _table()
    rows = [f"{a:.4g},{b:.4g},{c:.4g},{k}" for (a, b, c), k in zip(X[:15], y[:15], strict=True)]
    path.write_text("\n".join(["a,b,c,label", *rows]) + "\n", encoding="utf-8")


def _parquet(path: Path) -> None:
    X, y = _table()
    pd.DataFrame(X, columns=["a", "b", "c"]).assign(label=y).to_parquet(path)


def _h5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["X"], file["y"] = _table()


def _report(path: Path) -> None:
    report = json.loads((ROOT / "hw_reports/jet_tagger/report.json").read_text(encoding="utf-8"))
    path.write_text(json.dumps(_shortened(report)), encoding="utf-8")


def _shortened(value: Any) -> Any:
    """Return a document with three entries of every longer list."""
    if isinstance(value, dict):
        return {k: _shortened(v) for k, v in value.items()}
    return [_shortened(v) for v in value[:3]] if isinstance(value, list) else value


def _front(path: Path) -> None:
    text = path.with_suffix(".csv")
    text.write_text(HALL_OF_FAME, encoding="utf-8")
    read_hall_of_fame(text, cost=area(estimated_luts("ap_fixed<10,4>"))).save(path)


def _exploration(path: Path) -> None:
    found = json.loads((ROOT / "hw_reports/jet_frontier/frontier.json").read_text(encoding="utf-8"))
    path.write_text(json.dumps(_shortened(found)), encoding="utf-8")


def _text(text: str) -> Callable[[Path], None]:
    return lambda path: path.write_text(text, encoding="utf-8") and None


HALL_OF_FAME = """Complexity,Loss,Equation
1,0.9,"x0"
3,0.5,"x0 * 1.5e-3"
8,0.04,"sin(x1 ^ 2.0) - (x0 / 0.3f0)"
12,0.01,"ifelse(x0 > 1.0, exp(x1), max(x0, abs(x2))) + tanh(x3)"
"""
OPERATORS = """[operators.lorentz]
parameters = ["x"]
definition = "1/(1.5 + x**2)"
julia = "lorentz(x) = 1/(1.5f0 + x^2)"
hardware = "table"
"""
COST_TABLE = """unit = "cycles"
precision = "ap_fixed<16,6>"
origin = "estimated"
source = "by hand"
clock_ns = 5.0
[costs]
"+" = 1
"*" = 2.5
sin = 8
"""
CONFIG = """checkpoint = "net.onnx"
data = "data.npz"
output = "result"
max-lut = 400
clock-ns = 2.5
features = ["a", "b"]
engine = "operon"
[input-type]
a = "ap_fixed<8,3>"
"""

GOOD: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "onnx": ("net.onnx", _onnx),
    "state_dict": ("net.pt", lambda path: torch.save(network().state_dict(), path)),
    "torchscript": ("net.ts", _torchscript),
    "exported": ("net.pt2", _exported),
    "npz": ("data.npz", _npz),
    "npy": ("data.npy", lambda path: np.save(path, _table()[0])),
    "csv": ("data.csv", _csv),
    "parquet": ("data.parquet", _parquet),
    "h5": ("data.h5", _h5),
    "scaler": ("inputs.json", lambda path: InputFormat.fit(_table()[0]).save(path)),
    "report": ("report.json", _report),
    "hall of fame": ("hall_of_fame.csv", _text(HALL_OF_FAME)),
    "formulas": ("formulas.txt", _text("a = sin(x0)*2.5 + exp(-x1^2)\nb = max(x0, 1.0)/(1 + abs(x2))\n")),
    "operators": ("operators.toml", _text(OPERATORS)),
    "config": ("sr2hls.toml", _text(CONFIG)),
    "search": ("search.json", _front),
    "exploration": ("frontier.json", _exploration),
    "cost table": ("costs.toml", _text(COST_TABLE)),
    "program": ("program.json", _text((ROOT / "hw_reports/jet_tagger/program.json").read_text("utf-8"))),
}  # fmt: skip
"""Kind to the name of a good file and what writes it."""

SPOIL: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "onnx": spoil_onnx,
    **dict.fromkeys(("state_dict", "torchscript", "exported", "npz"), spoil_archive),
    **dict.fromkeys(("npy", "parquet", "h5"), spoil_bytes),
    **dict.fromkeys(("csv", "hall of fame", "formulas", "operators", "config", "cost table"), spoil_text),
    **dict.fromkeys(("scaler", "report", "program", "search", "exploration"), spoil_json),
}
"""Kind to what spoils its files."""
