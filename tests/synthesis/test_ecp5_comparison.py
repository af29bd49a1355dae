"""A design and a network through place and route: both measured, and comparable."""

from pathlib import Path

import numpy as np
import pytest
import torch

from sr2hls.baseline.alkaid import to_alkaid
from sr2hls.baseline.program import network_program
from sr2hls.baseline.quantised_network import FloatLayer
from sr2hls.baseline.train import TrainingOptions, train_quantized
from sr2hls.circuit import build_circuit
from sr2hls.options import Synthesis
from sr2hls.program.builder import Builder
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.progress import SilentProgress
from sr2hls.provenance import Origin
from sr2hls.report.hardware import FigureKey, HardwareRow, Subject, compare
from sr2hls.target import Target

TYPES = (FixedType(True, 5, 1, Rounding.RND, Overflow.SAT),) * 3


@pytest.mark.slow
def test_both_are_measured_after_routing_and_set_side_by_side(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X = rng.integers(-16, 16, size=(300, 3)) / 16
    layers = [
        FloatLayer(rng.normal(size=(3, 4)), rng.normal(size=4), "relu"),
        FloatLayer(rng.normal(size=(4, 2)), rng.normal(size=2), "linear"),
    ]
    network = train_quantized(
        layers, TYPES, X, X[:, :2], torch.nn.functional.mse_loss, weight_bits=4, activation_bits=4,
        output_names=("a", "b"), options=TrainingOptions(epochs=2),
    )  # fmt: skip
    b = Builder({f"x{k}": t for k, t in enumerate(TYPES)})
    formula = b.program({"a": b.add(b["x0"], b["x1"]), "b": b.mul(b["x1"], b["x2"])})
    rows = []
    for subject, program, logic in (
        (Subject.DESIGN, formula, None),
        (Subject.NETWORK, network_program(network, ("x0", "x1", "x2")), to_alkaid(network)),
    ):
        circuit = build_circuit(
            program, tmp_path / subject.value, X, target=Target("LFE5U-25F"), synthesis=Synthesis.ECP5,
            progress=SilentProgress(), name=f"{subject.value}_top", backend=None, logic=logic,
            simulated=False,
        )  # fmt: skip
        assert circuit.hardware is not None
        rows.append(HardwareRow.of(circuit.hardware, subject, subject.value))
    for row in rows:
        for key in (FigureKey.LUT, FigureKey.FF, FigureKey.FMAX_MHZ, FigureKey.CRITICAL_PATH_NS):
            figure = row.figures[key]
            assert figure is not None and figure.origin is Origin.MEASURED
            assert figure.step == "place and route" and figure.part == "LFE5U-25F"
    (comparison,) = compare(rows)
    ratios = {r.figure: r for r in comparison.ratios}
    assert ratios[FigureKey.LUT].ratio is not None and ratios[FigureKey.LUT].ratio > 1
    assert ratios[FigureKey.FMAX_MHZ].ratio is not None
    assert "nextpnr" in comparison.tool and comparison.settings["step"] == "place and route"
