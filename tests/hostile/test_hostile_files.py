"""Files made to do harm: each is refused in a sentence, within 5 s and 2 GiB, and nothing in it runs."""

import io
import pickle
import struct
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from sr2hls.costs import area, estimated_luts, load_operators
from sr2hls.data import InputFormat, load_dataset, load_scaler
from sr2hls.errors import InputError, UnsafeFileError
from sr2hls.program.serialize import load as load_program
from sr2hls.report.store import load_report
from sr2hls.search import Frontier, read_formulas, read_hall_of_fame
from sr2hls.teacher import load_teacher

from .limits import outcome

COST = area(estimated_luts("ap_fixed<10,4>"))
CANARY = "was_run"


class Touch:
    """Unpickling this makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def _object_npz(path: Path, evil: Touch) -> None:
    np.savez(path, X=np.array([[evil]], dtype=object))


def _npy(path: Path, evil: Touch) -> None:
    np.save(path, np.array([[evil]], dtype=object), allow_pickle=True)


def _raw(path: Path, evil: Touch) -> None:
    path.write_bytes(pickle.dumps(evil))


def _torch(path: Path, evil: Touch) -> None:
    torch.save({"weight": evil}, path)


def _disguised(path: Path, evil: Touch) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("X.npy", pickle.dumps(evil))


def _directory(path: Path, evil: Touch) -> None:
    path.mkdir()
    _raw(path / "checkpoint.pkl", evil)


PICKLES: dict[str, tuple[str, Callable[[Path, Touch], None], Callable[[Path], object]]] = {
    "objects in .npz": ("d.npz", _object_npz, load_dataset),
    "objects in .npy": ("d.npy", _npy, load_dataset),
    "a pickle named .npz": ("d.npz", _raw, load_dataset),
    "a pickle named .npy": ("d.npy", _raw, load_dataset),
    "a pickle as a member of .npz": ("d.npz", _disguised, load_dataset),
    "a pickle named .h5": ("d.h5", _raw, load_dataset),
    "a pickle named .parquet": ("d.parquet", _raw, load_dataset),
    "a pickle named .pt": ("n.pt", _raw, load_teacher),
    "a pickle named .pt2": ("n.pt2", _raw, load_teacher),
    "a pickle named .onnx": ("n.onnx", _raw, load_teacher),
    "objects in a state_dict": ("n.pt", _torch, lambda p: load_teacher(p, model="torch.nn:Identity")),
    "a pickled hall of fame": ("h.pkl", _raw, partial(read_hall_of_fame, cost=COST)),
    "a run of PySR with only a pickle": ("run", _directory, partial(read_hall_of_fame, cost=COST)),
    "a pickle as report": ("report.json", _raw, load_report),
    "a pickle as program": ("program.json", _raw, load_program),
    "a pickle as search": ("search.json", _raw, Frontier.load),
    "a pickle as inputs": ("inputs.json", _raw, InputFormat.load),
    "a pickle as scaler": ("scaler.json", _raw, load_scaler),
    "a pickle as operators": ("operators.toml", _raw, load_operators),
    "a pickle as formulas": ("formulas.txt", _raw, partial(read_formulas, cost=COST)),
}


@pytest.mark.parametrize("name", PICKLES)
def test_no_pickle_is_read(name: str, tmp_path: Path) -> None:
    file, write, load = PICKLES[name]
    canary = tmp_path / CANARY
    write(tmp_path / file, Touch(canary))
    with pytest.raises(InputError, match=file.split(".")[0]):
        load(tmp_path / file)
    assert not canary.exists()


def test_the_canary_sings(tmp_path: Path) -> None:
    """The pickles of these tests do run code where somebody unpickles them."""
    with pytest.raises((TypeError, AttributeError, InputError)):
        torch.nn.Module.load_state_dict(
            torch.nn.Linear(1, 1), pickle.loads(pickle.dumps(Touch(tmp_path / CANARY)))
        )
    assert (tmp_path / CANARY).exists()


CODE = (
    "__import__('pathlib').Path('was_run').touch()",
    "(lambda: open('was_run', 'w'))()",
    "x0.__class__.__mro__[1].__subclasses__()",
    "exec(\"open('was_run','w')\")",
    "[open('was_run', 'w') for _ in (1,)]",
    "$(touch was_run)",
    "`touch was_run`",
)


@pytest.mark.parametrize("text", CODE)
def test_formulas_and_operators_are_not_run(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError):
        read_formulas(text, cost=COST)
    (tmp_path / "hof.csv").write_text(f'Complexity,Loss,Equation\n1,0.5,"{text.replace(chr(34), chr(39))}"\n')
    with pytest.raises(InputError, match="line 2"):
        read_hall_of_fame(tmp_path / "hof.csv", cost=COST)
    (tmp_path / "o.toml").write_text(f"[operators.f]\nparameters = ['x']\ndefinition = '''{text}'''\n")
    operators = load_operators(tmp_path / "o.toml")
    assert operators[0].definition == text  # kept as text; it is read, by the same grammar, where it is used
    assert not (tmp_path / CANARY).exists()


def _deflated(path: Path, member: str, megabytes: int) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f4", "fortran_order": False, "shape": (megabytes << 18, 1)}
    )
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open(member, "w", force_zip64=True) as file,
    ):
        file.write(header.getvalue())
        block = bytes(1 << 20)
        for _ in range(megabytes):
            file.write(block)


def _claim(path: Path, size: int) -> None:
    """Change the unpacked size that the directory of an archive states for its last member."""
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", size)
    path.write_bytes(data)


def test_an_archive_that_unpacks_to_gigabytes(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    _deflated(path, "X.npy", 1)
    _claim(path, 2200 << 20)  # as a real one does; packing one takes half a minute
    assert "unpacks to 2.1 GiB, more than the limit" in outcome(lambda: load_dataset(tmp_path / "bomb.npz"))


def test_an_archive_that_lies_about_its_size(tmp_path: Path) -> None:
    """The directory says 1,000 bytes, the data are 200 MB: no more than is said is unpacked."""
    path = tmp_path / "bomb.npz"
    _deflated(path, "X.npy", 200)
    _claim(path, 1000)
    assert "bomb.npz" in outcome(lambda: load_dataset(path))


def test_an_archive_of_very_many_members(tmp_path: Path) -> None:
    path = tmp_path / "many.npz"
    member = io.BytesIO()
    np.save(member, np.zeros((2, 2)))
    with zipfile.ZipFile(path, "w") as archive:
        for k in range(3_000):
            archive.writestr(f"a{k}.npy", member.getvalue())
    assert "none of the usual arrays" in outcome(lambda: load_dataset(path))


def test_members_that_would_leave_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "d.npz"
    path.parent.mkdir()
    member = io.BytesIO()
    np.save(member, np.random.default_rng(0).normal(size=(40, 2)))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("X.npy", member.getvalue())
        archive.writestr("../../escaped.npy", member.getvalue())
        archive.writestr("/escaped.npy", member.getvalue())
    load_dataset(path)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["d.npz", "deep"]


def test_a_column_count_out_of_this_world(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text(",".join(f"c{k}" for k in range(60_000)) + "\n" + ",".join("1" * 60_000) + "\n")
    assert "has 60000 columns, more than 10000" in outcome(lambda: load_dataset(path))


def _model(nodes: list[Any], weights: list[Any], shape: list[Any], path: Path) -> None:
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    path.write_bytes(model.SerializeToString())


def _hollow(dims: list[int]) -> TensorProto:
    return TensorProto(name="W", data_type=TensorProto.FLOAT, dims=dims)


def _external(location: str) -> TensorProto:
    tensor = TensorProto(name="W", data_type=TensorProto.FLOAT, dims=[3, 2])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    return tensor


def _ints(name: str, *values: int) -> TensorProto:
    return numpy_helper.from_array(np.array(values, np.int64), name)


_MATMUL = [helper.make_node("MatMul", ["x", "W"], ["y"])]
HUGE = 1 << 40
ABSURD: dict[str, tuple[list[Any], list[Any], list[Any]]] = {
    "weights of 4 TB that are not there": (_MATMUL, [_hollow([HUGE, 1])], ["n", 3]),
    "a product of sizes beyond 64 bits": (_MATMUL, [_hollow([1 << 62, 1 << 62])], ["n", 3]),
    "a negative size": (_MATMUL, [_hollow([-3, 2])], ["n", 3]),
    "an input of 2^40 features": ([helper.make_node("Relu", ["x"], ["y"])], [], ["n", HUGE]),
    "an input of 2^40 rows": ([helper.make_node("Relu", ["x"], ["y"])], [], [HUGE, 3]),
    "an input of no features": ([helper.make_node("Relu", ["x"], ["y"])], [], ["n", 0]),
    "a constant of 2^40 elements": (
        [helper.make_node("ConstantOfShape", ["s"], ["c"]), helper.make_node("ReduceSum", ["c"], ["y"])],
        [_ints("s", HUGE)],
        ["n", 3],
    ),
    "an expansion to 2^40 elements": (
        [helper.make_node("Expand", ["x", "s"], ["e"]), helper.make_node("ReduceMax", ["e"], ["y"])],
        [_ints("s", HUGE, 1, 3)],
        ["n", 3],
    ),
    "a tile of 2^40": (
        [helper.make_node("Tile", ["x", "s"], ["y"])],
        [_ints("s", 1, HUGE)],
        ["n", 3],
    ),
    "a range of 2^40": (
        [
            helper.make_node("Range", ["a", "b", "c"], ["r"]),
            helper.make_node("Cast", ["r"], ["f"], to=TensorProto.FLOAT),
            helper.make_node("ReduceSum", ["f"], ["y"]),
        ],
        [numpy_helper.from_array(np.array(v, np.int64), n) for n, v in (("a", 0), ("b", HUGE), ("c", 1))],
        ["n", 3],
    ),
    "a range of 2^40 that is computed": (
        [
            helper.make_node("Mul", ["b", "b"], ["bb"]),
            helper.make_node("ConstantOfShape", ["bb"], ["r"]),
            helper.make_node("Cast", ["r"], ["f"], to=TensorProto.INT64),
            helper.make_node("ReduceSum", ["f"], ["y"]),
        ],
        [_ints("b", 1 << 20)],
        ["n", 3],
    ),
    "a list of 2^27 beside a computed size": (
        [
            helper.make_node("ConstantOfShape", ["s"], ["r"]),
            helper.make_node("Cast", ["r"], ["f"], to=TensorProto.INT64),
            helper.make_node("Mul", ["b", "b"], ["bb"]),
            helper.make_node("ConstantOfShape", ["bb"], ["c"]),
            helper.make_node("ReduceSum", ["c"], ["y"]),
        ],
        [_ints("s", 1 << 27), _ints("b", 2)],
        ["n", 3],
    ),
    "a list of 2^20 that is computed": (
        [
            helper.make_node("Mul", ["b", "b"], ["bb"]),
            helper.make_node("ConstantOfShape", ["bb"], ["r"]),
            helper.make_node("Shape", ["r"], ["s"]),
            helper.make_node("Mul", ["s", "s"], ["ss"]),
            helper.make_node("ConstantOfShape", ["ss"], ["c"]),
            helper.make_node("ReduceSum", ["c"], ["y"]),
        ],
        [_ints("b", 1 << 10)],
        ["n", 3],
    ),
    "a loop without an end": (
        [
            helper.make_node(
                "Loop",
                ["", "", "x"],
                ["y"],
                body=helper.make_graph(
                    [helper.make_node("Identity", ["c"], ["d"]), helper.make_node("Identity", ["v"], ["w"])],
                    "body",
                    [
                        helper.make_tensor_value_info("i", TensorProto.INT64, []),
                        helper.make_tensor_value_info("c", TensorProto.BOOL, []),
                        helper.make_tensor_value_info("v", TensorProto.FLOAT, None),
                    ],
                    [
                        helper.make_tensor_value_info("d", TensorProto.BOOL, []),
                        helper.make_tensor_value_info("w", TensorProto.FLOAT, None),
                    ],
                ),
            )
        ],
        [],
        ["n", 3],
    ),
    "weights in a file elsewhere": (_MATMUL, [_external("../../../../etc/passwd")], ["n", 3]),
    "weights in an absolute place": (_MATMUL, [_external("/etc/passwd")], ["n", 3]),
    "weights behind a link": (_MATMUL, [_external("link")], ["n", 3]),
}


@pytest.mark.parametrize("name", ABSURD)
def test_absurd_networks(name: str, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    _model(*ABSURD[name], tmp_path / "net.onnx")
    said = outcome(lambda: load_teacher(tmp_path / "net.onnx"))
    assert "net.onnx" in said
    assert not said.startswith("not clean")


def test_a_negative_size_is_called_that(tmp_path: Path) -> None:
    _model(*ABSURD["a negative size"], tmp_path / "net.onnx")
    with pytest.raises(InputError, match=r"weights 'W' of '.*' have a negative size in the shape \[-3, 2\]"):
        load_teacher(tmp_path / "net.onnx")


def test_a_network_of_ten_thousand_layers(tmp_path: Path) -> None:
    nodes = [helper.make_node("Relu", [f"v{k}"], [f"v{k + 1}"]) for k in range(10_000)]
    nodes[0].input[0], nodes[-1].output[0] = "x", "y"
    _model(nodes, [], ["n", 3], tmp_path / "net.onnx")
    said = outcome(lambda: load_teacher(tmp_path / "net.onnx"))
    assert said == "loaded" or "net.onnx" in said


def test_a_pickle_is_read_on_the_users_explicit_word_only(tmp_path: Path) -> None:
    torch.save(torch.nn.Linear(3, 2), tmp_path / "n.pt")
    with pytest.raises(UnsafeFileError, match="allow_pickle"):
        load_teacher(tmp_path / "n.pt")
    assert load_teacher(tmp_path / "n.pt", allow_pickle=True).n_outputs == 2


def test_onnx_is_the_real_thing(tmp_path: Path) -> None:
    """A network of the same making, without anything absurd in it, loads."""
    weights = numpy_helper.from_array(np.ones((3, 2), np.float32), "W")
    _model(_MATMUL, [weights], ["n", 3], tmp_path / "net.onnx")
    assert outcome(lambda: load_teacher(tmp_path / "net.onnx")) == "loaded"
