"""The network beside the design: its stages are cut alike, and a tool that fails on it takes nothing away."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from sr2hls.baseline import beside
from sr2hls.baseline.train import TrainingOptions
from sr2hls.data import InputFormat
from sr2hls.options import CompileOptions, Synthesis
from sr2hls.problem import Problem, Split
from sr2hls.program.ends import DECISION, NO_ENDS, Ends
from sr2hls.provenance import Figure, Origin, Provenance
from sr2hls.rtl.project import RtlProject
from sr2hls.synthesis.hardware_report import HardwareReport
from sr2hls.target import CLOCK_SHARE, Target
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


def a_classifier(
    folder: Path, monkeypatch: pytest.MonkeyPatch, synthesis: Synthesis = Synthesis.YOSYS
) -> "partial[beside.OriginalResult]":
    """Return the building of a small classifier with the ends that it is given."""
    rng = np.random.default_rng(0)
    features = rng.uniform([0, -5, 10, -1], [3, 5, 90, 1], (400, 4))
    form = InputFormat.fit(features).with_raw(features, 9, {})
    layers, X = float_layers(), form.values(features)
    outputs = ("a", "b", "c")
    scores = layers_out(layers, X)
    split = Split(X, scores, scores.argmax(axis=1))
    types = dict(zip(NAMES, form.types, strict=True))
    problem = Problem(Task.LOGITS, types, outputs, NAMES, outputs, split, split, split)
    options = CompileOptions(
        checkpoint=Path("net.onnx"), data=Path("data.npz"), output=folder, synthesis=synthesis
    )
    smallest = partial(beside.quantize_original, precision=(5, 5), options=TrainingOptions(epochs=3))
    monkeypatch.setattr(beside, "quantize_original", smallest)
    ends = Ends(form.maps, argmax=True, binary=True)
    return partial(beside._build_original, problem, layers, folder / "network", options, ends, features)


def test_a_network_that_is_too_slow_is_cut_once_more_with_its_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mapped: list[RtlProject] = []

    def tool(synthesis: Synthesis, rtl: RtlProject, target: Target) -> HardwareReport:
        """Find a path of 7 ns, and of 4 ns after another cut."""
        mapped.append(rtl)
        known = Provenance(Origin.ESTIMATED, "a test")
        path = Figure(7.0 if len(mapped) == 1 else 4.0, "ns", known)
        return HardwareReport(
            rtl.name,
            "yosys",
            "0",
            target.part,
            "synthesis",
            critical_path_ns=path,
            levels=Figure(1, "", known),
        )

    monkeypatch.setattr(beside, "synthesise", tool)
    _, circuit, notes = a_classifier(tmp_path, monkeypatch)()
    assert circuit is not None and notes == ()
    first, last = mapped
    assert first.logic_share == CLOCK_SHARE
    assert last.logic_share == pytest.approx(CLOCK_SHARE * 5 / 7)
    assert last.latency_cycles > first.latency_cycles
    assert circuit.rtl == last
    assert circuit.hardware is not None and circuit.hardware.critical_path_ns is not None
    assert circuit.hardware.critical_path_ns.value == 4.0
    assert circuit.program.output_names[-1] == DECISION
    assert [a.vectors for a in circuit.agreements] == [400]


def test_a_network_without_the_ends_of_the_design_has_no_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, circuit, notes = a_classifier(tmp_path, monkeypatch, Synthesis.VITIS)()
    assert circuit is not None and circuit.hardware is None
    assert "its HLS project has neither argmax nor scaling of inputs" in notes[0]
