"""The network beside the design: a tool that cannot finish it takes nothing from the design."""

from pathlib import Path

import pytest

from sr2hls.baseline import beside
from sr2hls.options import CompileOptions, Synthesis
from sr2hls.problem import Problem, Split
from sr2hls.program.ends import NO_ENDS
from sr2hls.teacher.task import Task

from .test_quantised_network import NAMES, TYPES, float_layers, inputs, layers_out

_HINT = "install Vivado and put it on PATH, or give its settings64.sh or a container"


def test_a_tool_that_fails_on_the_network_is_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layers, X = float_layers(), inputs(400)
    outputs = ("a", "b", "c")
    split = Split(X, layers_out(layers, X), None)
    types = dict(zip(NAMES, TYPES, strict=True))
    problem = Problem(Task.REGRESSION, types, outputs, NAMES, outputs, split, split, split)
    options = CompileOptions(
        checkpoint=Path("net.onnx"), data=Path("data.npz"), output=tmp_path, synthesis=Synthesis.VIVADO
    )
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("SR2HLS_VENDOR_SETTINGS", "SR2HLS_VENDOR_CONTAINER"):
        monkeypatch.delenv(name, raising=False)
    original, circuit, notes = beside._build_original(
        problem, layers, tmp_path / "network", options, NO_ENDS, X
    )
    assert original is not None and circuit is not None
    assert circuit.hardware is None and circuit.agreements and circuit.rtl.sources
    assert notes == (f"{original.label} has no figures: 'vivado' is not there: {_HINT}",)
