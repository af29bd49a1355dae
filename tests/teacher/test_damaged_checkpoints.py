"""Damaged checkpoints: a clean message, no crash, no hang. Seeded byte mutations."""

import random
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from networks import dense_onnx, small_network

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from fuzz_inputs import spoil_bytes, spoil_member

from sr2hls.errors import InputError, Sr2hlsError
from sr2hls.teacher import load_teacher


def good(kind: str, folder: Path) -> Path:
    path = folder / f"good.{kind}"
    network = small_network()
    if kind == "onnx":
        dense_onnx(path)
    elif kind == "pt":
        torch.save(network.state_dict(), path)
    elif kind == "ts":
        torch.jit.save(torch.jit.trace(network, torch.zeros(2, 3)), path)
    else:
        torch.export.save(torch.export.export(network, (torch.zeros(4, 3),)), path)
    return path


def batter(kind: str, folder: Path, tries: int, seed: int) -> None:
    content = good(kind, folder).read_bytes()
    generator = random.Random(seed)
    model = "networks:small_network" if kind == "pt" else None
    load_teacher(folder / f"good.{kind}", model=model)  # imports what torch imports late
    refused = 0
    for number in range(tries):
        inside = kind != "onnx" and number % 4
        path = folder / f"bad.{kind}"
        path.write_bytes(spoil_member(content, generator) if inside else spoil_bytes(content, generator))
        began = time.process_time()
        try:
            with np.errstate(all="ignore"):
                load_teacher(path, model=model)
        except Sr2hlsError as error:
            refused += 1
            assert str(error).isprintable(), repr(str(error))
        assert time.process_time() - began < 5, f"{kind}, try {number}, seed {seed}"
    assert refused


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("kind", "tries"), [("onnx", 100), ("pt", 12), ("ts", 12), ("pt2", 12)])
def test_damaged_checkpoints(kind: str, tries: int, tmp_path: Path) -> None:
    batter(kind, tmp_path, tries, seed=1)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("kind", "tries"), [("onnx", 8000), ("pt", 400), ("ts", 400), ("pt2", 400)])
def test_many_damaged_checkpoints(kind: str, tries: int, tmp_path: Path) -> None:
    batter(kind, tmp_path, tries, seed=2)


def test_hostile_names_are_shown_escaped(tmp_path: Path) -> None:
    model = onnx.load(dense_onnx(tmp_path / "net.onnx"))
    model.graph.node[0].name, model.graph.node[0].op_type = "a\nb\x1b[31m", "Nothing"
    (tmp_path / "net.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(InputError, match=r"node 'a\\nb\\x1b\[31m' of '.*' has the operator 'Nothing'"):
        load_teacher(tmp_path / "net.onnx")
