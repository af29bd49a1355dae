import numpy as np
import pytest
import torch

from sr2hls.errors import InputError
from sr2hls.hls.compiled import CompiledProgram
from sr2hls.hls.hybrid import ProgramModule, write_hybrid
from sr2hls.hls.layer import formula_layer
from sr2hls.program.builder import Builder
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.program import Program
from sr2hls.program.quantize import quantize_raw
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.target import Target

INPUT = FixedType(True, 10, 4)


def middle_program() -> Program:
    t = FixedType(True, 8, 4, Rounding.RND, Overflow.SAT)
    b = Builder({"a": t, "b": FixedType(True, 7, 2), "c": t, "d": FixedType(False, 5, 3, Rounding.RND_CONV)})
    return b.program({"u": b.mul(b["a"], b["b"]), "v": b.max(b["c"], b["d"])})


def front() -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU())


def requantised(raw: np.ndarray, given: tuple[FixedType, ...], wanted: tuple[FixedType, ...]) -> np.ndarray:
    columns = [
        [quantize_raw(int(v), g.frac, w) for v in raw[:, k]]
        for k, (g, w) in enumerate(zip(given, wanted, strict=True))
    ]
    return np.array(columns, dtype=np.int64).T


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    return np.random.default_rng(0).integers(INPUT.raw_min, INPUT.raw_max + 1, size=(1000, 3))


def test_layers_then_formula_then_layers_agree_with_their_parts(tmp_path, vectors):
    """One project of three parts computes what the parts compute one after the other, bit for bit."""
    program = middle_program()
    torch.manual_seed(1)
    back = torch.nn.Sequential(torch.nn.Linear(2, 2))
    whole = torch.nn.Sequential(*front(), ProgramModule(program), *back)
    arguments = {"n_inputs": 3, "input_type": INPUT, "target": Target()}
    hybrid = write_hybrid(whole, tmp_path / "hybrid", **arguments)
    assert "symbolic_formula<" in (hybrid.directory / "firmware" / "hybrid.cpp").read_text()

    first = write_hybrid(front(), tmp_path / "front", **arguments)
    hidden = CompiledProgram(first).run(vectors)
    at_formula = requantised(hidden, first.output_types, program.input_types)
    assert len(np.unique(at_formula[:, 0])) > 20
    formula_out = Interpreter(program).run(at_formula)

    # The last layer in exact integers: its weights as hls4ml rounded them, its result not rounded at all.
    compiled = CompiledProgram(hybrid)
    got = compiled.run(vectors) * hybrid.output_types[0].step
    weights = _quantised(back[0].weight.detach().numpy())
    bias = _quantised(back[0].bias.detach().numpy())
    want = formula_out * np.array([t.step for t in program.output_types]) @ weights.T + bias
    np.testing.assert_array_equal(got, want)


def _quantised(values: np.ndarray) -> np.ndarray:
    """Values in the default ap_fixed<16,6>."""
    return np.floor(values.astype(np.float64) * 2**10) / 2**10


def test_formula_last(tmp_path, vectors):
    program = middle_program()
    network = torch.nn.Sequential(*front(), ProgramModule(program, use_dsp=False))
    arguments = {"n_inputs": 3, "input_type": INPUT, "target": Target(), "backend": "Vivado"}
    hybrid = write_hybrid(network, tmp_path / "hybrid", **arguments)
    first = write_hybrid(front(), tmp_path / "front", **arguments)
    at_formula = requantised(CompiledProgram(first).run(vectors), first.output_types, program.input_types)
    steps = np.array([t.step for t in program.output_types])
    want = Interpreter(program).run(at_formula) * steps
    np.testing.assert_array_equal(
        CompiledProgram(hybrid, threads=2).run(vectors) * hybrid.output_types[0].step, want
    )
    assert "core=Mul_LUT" in (hybrid.directory / "firmware" / "parameters.h").read_text()
    with pytest.raises(InputError, match="has no program: use run"):
        CompiledProgram(hybrid).predict(vectors)


def test_the_module_computes_what_the_hardware_computes():
    program = middle_program()
    X = np.random.default_rng(1).normal(size=(50, 4))
    np.testing.assert_array_equal(
        ProgramModule(program)(torch.tensor(X)).numpy(), Interpreter(program).predict(X)
    )


def test_precision_by_layer(tmp_path):
    arguments = {"n_inputs": 3, "input_type": INPUT, "target": Target()}
    network = torch.nn.Sequential(*front())
    precision = {"_0": {"weight": "ap_fixed<5,1>", "result": "ap_fixed<9,4,AP_RND,AP_SAT>"}}
    project = write_hybrid(network, tmp_path / "a", precision=precision, **arguments)
    assert "ap_fixed<9,4,AP_RND,AP_SAT" in (project.directory / "firmware" / "defines.h").read_text()
    with pytest.raises(InputError, match="the network has no layer 'dense'; hls4ml calls its layers"):
        write_hybrid(network, tmp_path / "b", precision={"dense": {}}, **arguments)
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_what_hls4ml_cannot_convert_is_refused(tmp_path):
    network = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Mish())
    with pytest.raises(InputError, match=r"hls4ml cannot convert the network: .*Mish"):
        write_hybrid(network, tmp_path / "a", n_inputs=3, input_type=INPUT, target=Target())
    network = torch.nn.Sequential(torch.nn.Linear(3, 3), ProgramModule(middle_program()))
    with pytest.raises(InputError, match=r"gets 3 values .* but its program takes 4"):
        write_hybrid(network, tmp_path / "a", n_inputs=3, input_type=INPUT, target=Target())


def test_layer_names_are_checked():
    with pytest.raises(InputError, match="'a b' cannot name a layer"):
        formula_layer(middle_program(), "a b")
