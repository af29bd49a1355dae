"""A report on real data: linear-in-parameters formulas of the jet tagger's logits, lowered and run."""

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import sympy as sp

from sr2hls.options import CompileOptions
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.lower_formulas import Lowering, relative_errors
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.provenance import Figure, Origin, Provenance
from sr2hls.report.build import feature_records, formula_record, named_program, run_record
from sr2hls.report.hardware import HardwareFigure, HardwareRow, Subject, compare, figures
from sr2hls.report.metrics import measure
from sr2hls.report.model import (
    CandidateRecord,
    Check,
    Data,
    DesignPoint,
    ExecutorRecord,
    FrontRecord,
    Report,
    Scaler,
    SplitRecord,
    TaskRecord,
    TeacherRecord,
    Verification,
)
from sr2hls.teacher.task import Task as TeacherTask

HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}</title></style><img src=x onerror=alert(1)>"

JETS = Path(__file__).parents[2] / "examples" / "jet_tagger"


def _figure(value: float, unit: str, source: str, origin: Origin = Origin.MEASURED) -> Figure:
    return Figure(value, unit, Provenance(origin, source, "xcup", "synthesis"))


def _row(subject: Subject, label: str, accuracy: float, lut: float, ff: float, cycles: int) -> HardwareRow:
    yosys, delay = "Yosys 0.70", "alkaid 0.8.2 delay model"
    return HardwareRow(
        subject=subject,
        label=label,
        tool=yosys,
        part="xcvu9p-flga2577-2-e",
        settings={"clock": "5 ns", "DSP": "none"},
        accuracy=accuracy,
        figures=figures(
            {
                "lut": _figure(lut, "LUT", yosys),
                "ff": _figure(ff, "FF", yosys),
                "dsp": _figure(0, "DSP", yosys),
                "bram": _figure(0, "BRAM36", yosys),
                "latency_cycles": _figure(cycles, "cycles", delay, Origin.ESTIMATED),
                "latency_ns": _figure(5.0 * cycles, "ns", delay, Origin.ESTIMATED),
                "ii": _figure(1, "cycles", "alkaid 0.8.2"),
                "fmax_mhz": None,
            }
        ),
    )


def _front(output: str, B: np.ndarray, truth: np.ndarray, basis: list[sp.Expr]) -> FrontRecord:
    candidates = []
    for n in range(1, len(basis) + 1, 3):
        weights, *_ = np.linalg.lstsq(B[:, :n], truth, rcond=None)
        formula = sum((sp.Float(w, 4) * b for w, b in zip(weights, basis[:n], strict=True)), sp.Integer(0))
        loss = float(np.mean((B[:, :n] @ weights - truth) ** 2))
        last = n + 3 > len(basis)
        candidates.append(
            CandidateRecord(formula=str(formula), loss=loss, cost=17.0 * n, engine="operon", chosen=last)
        )
    loss_name = "mean squared error to the network's logit"
    return FrontRecord(output=output, loss=loss_name, cost="LUT (estimated)", candidates=tuple(candidates))


@pytest.fixture(scope="session")
def report() -> Report:
    with np.load(JETS / "jets.npz", allow_pickle=False) as jets:
        X, y, split = jets["X"].astype(np.float64), jets["y"], jets["split"]
        names, classes = [str(n) for n in jets["names"]], tuple(str(c) for c in jets["classes"])
    session = onnxruntime.InferenceSession(JETS / "jet_tagger.onnx")
    logits = session.run(None, {session.get_inputs()[0].name: X.astype(np.float32)})[0].astype(np.float64)
    train, test = split == 0, split == 2
    shift, scale = X[train].mean(axis=0), 1 / X[train].std(axis=0)
    Z = (X - shift) * scale
    used = [0, 1, 2, 6, 9, 14, 15]
    symbols = {i: sp.Symbol(names[i]) for i in used}
    basis = {sp.Integer(1): np.ones(len(Z))}
    for i, s in symbols.items():
        basis |= {
            s: Z[:, i],
            s**2: Z[:, i] ** 2,
            sp.exp(-(s**2)): np.exp(-(Z[:, i] ** 2)),
            sp.tanh(2 * s): np.tanh(2 * Z[:, i]),
        }
    basis[symbols[14] * symbols[15]] = Z[:, 14] * Z[:, 15]
    B = np.stack(list(basis.values()), axis=1)
    weights = np.linalg.lstsq(B[train], logits[train], rcond=None)[0]
    formulas = {
        c: sum((sp.Float(w) * b for w, b in zip(weights[:, k], basis, strict=True)), sp.Integer(0))
        for k, c in enumerate(classes)
    }
    types = {s.name: FixedType(True, 6, 3, Rounding.RND, Overflow.SAT) for s in symbols.values()}
    columns = Z[:, used]
    lowering = Lowering(formulas, types, columns[test])
    floats = lowering.float_outputs
    designs, chosen = [], None
    for error in (0.5, 0.25, 0.1, 0.03):
        lowered = lowering.within(relative_errors(lowering, error))
        out = Interpreter(lowered.program).predict(columns[test])
        fidelity = measure(
            "test",
            TeacherTask.LOGITS,
            classes,
            teacher=logits[test],
            formulas=floats,
            design=out,
            labels=y[test],
        )
        scores = fidelity.scores["design"]
        lut = sum(op.type.width for op in lowered.program.ops if op.args)
        designs.append(
            DesignPoint(
                name=f"error {error}",
                score=scores.accuracy,
                fidelity=scores.agreement,
                split="test",
                lut=HardwareFigure.of(_figure(lut, "LUT", "sr2hls cost model", Origin.ESTIMATED)),
                latency_ns=HardwareFigure.of(
                    _figure(5 + 40 * (0.5 - error), "ns", "sr2hls cost model", Origin.ESTIMATED)
                ),
                formulas={c: str(f.evalf(3)) for c, f in formulas.items()},
                chosen=error == 0.1,
            )
        )
        if error == 0.1:
            chosen = (lowered, fidelity, lut)
    assert chosen is not None
    lowered, fidelity, lut = chosen
    network = fidelity.scores["teacher"].accuracy
    accuracy = fidelity.scores["design"].accuracy
    assert network is not None
    assert accuracy is not None
    designs.append(
        DesignPoint(
            name="network, 6-bit weights",
            score=network,
            fidelity=1.0,
            split="test",
            subject="network",
            lut=HardwareFigure.of(_figure(28_614, "LUT", "Yosys 0.70")),
            latency_ns=HardwareFigure.of(_figure(35, "ns", "alkaid 0.8.2 delay model", Origin.ESTIMATED)),
        )
    )
    published = "arXiv 2305.04099, Vivado HLS"
    fronts = [_front(c, B[train], logits[train][:, k], list(basis)) for k, c in enumerate(classes)]
    options = CompileOptions(checkpoint=Path("jet_tagger.onnx"), data=Path("jets.npz"), output=Path("out"))
    task = TaskRecord(kind="classification", outputs=tuple(classes), decision="the largest output")
    data = Data(
        file="jets.npz",
        splits=tuple(
            SplitRecord(name=n, rows=int((split == i).sum()))
            for i, n in enumerate(("train", "validation", "test"))
        ),
        features=feature_records(names, X[train], lowered.program),
        scaler=Scaler(kind="standard", source="checkpoint", shift=tuple(shift), scale=tuple(scale)),
    )
    hardware = (
        _row(Subject.DESIGN, "symbolic design", accuracy, lut, 310, 2),
        _row(Subject.NETWORK, "network, 6-bit weights", network, 28_614, 9_120, 7),
        HardwareRow(
            subject=Subject.OTHER,
            label="PySR, tables",
            tool="Vivado HLS 2020.1",
            part="xcvu9p",
            figures=figures(
                {
                    "lut": _figure(3_796, "LUT", published, Origin.PUBLISHED),
                    "dsp": _figure(57, "DSP", published, Origin.PUBLISHED),
                    "bram": _figure(17, "BRAM18", published, Origin.PUBLISHED),
                    "latency_cycles": _figure(7, "cycles", published, Origin.PUBLISHED),
                }
            ),
        ),
    )
    return Report(
        title="Jet tagger",
        run=run_record(
            options,
            {
                "teacher": 0.8,
                "search": 121.4,
                "program": 6.1,
                "verification": 11.9,
                "synthesis": 14.2,
                "network": 143.0,
            },
            seed=0,
            command=["sr2hls", "compile", "jet_tagger.onnx", "--data", "jets.npz", "-o", "out"],
            tools={"g++": "12.2.0"},
        ),
        task=task,
        teacher=TeacherRecord(
            kind="onnx",
            file="jet_tagger.onnx",
            layers=("16", "64 relu", "32 relu", "32 relu", "5"),
            n_parameters=4389,
        ),
        data=data,
        formulas=tuple(formula_record(c, f) for c, f in formulas.items()),
        fronts=tuple(fronts),
        designs=tuple(designs),
        fidelity=(fidelity,),
        program=named_program(lowered.program, data, task),
        verification=Verification(
            executors=(
                ExecutorRecord(
                    executor="C++ (g++ 12.2)", vectors=9402, values=47_010, differences=0, source="test split"
                ),
                ExecutorRecord(
                    executor="Verilog (Verilator 5.048)",
                    vectors=2000,
                    values=10_000,
                    differences=0,
                    source="test split",
                ),
            ),
            checks=(
                Check(name="no constant table", passed=True),
                Check(name="no input drops out", passed=True, detail="7 of 16 features are used"),
            ),
        ),
        hardware=hardware,
        comparisons=compare(hardware),
        notes=(
            "The data are a stand-in for the public LHC jet set and harder: accuracies are not "
            "comparable with published ones.",
        ),
    )


_RESTRICTED = (
    "schema_version", "kind", "origin", "subject", "figure", "op", "model", "fixed", "minuend", "subtrahend",
)  # fmt: skip


def _spoilt(value: object, key: str = "") -> object:
    """Put a hostile text in place of every text that no type restricts."""
    match value:
        case dict():
            names = key in ("auc", "r2", "rmse", "teacher_r2", "teacher_rmse")
            return {HOSTILE + k if names else k: _spoilt(v, k) for k, v in value.items()}
        case list():
            return [_spoilt(v, key) for v in value]
        case str() if key not in _RESTRICTED:
            return HOSTILE + value
        case _:
            return value


@pytest.fixture(scope="session")
def hostile(report: Report) -> Report:
    return Report.model_validate_json(json.dumps(_spoilt(report.model_dump(mode="json"))))
