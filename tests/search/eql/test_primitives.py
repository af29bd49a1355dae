"""Primitives mean the same in torch, numpy, sympy and hardware."""

from pathlib import Path

import numpy as np
import pytest
import sympy
import torch

from sr2hls.circuit import build_circuit
from sr2hls.costs import Operators, custom_operator
from sr2hls.errors import InputError
from sr2hls.options import Synthesis
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.lower_formulas import Lowering
from sr2hls.program.passes import optimize
from sr2hls.program.types import FixedType
from sr2hls.progress import SilentProgress
from sr2hls.search.eql.primitives import DEFAULT_UNITS, Primitive, primitive, units, units_for
from sr2hls.target import Target

_TESTED = [
    *(name for name, _ in DEFAULT_UNITS),
    *("cos", "tanh", "abs", "max", "min", "cube", "sqrt", "log", "relu", "erf", "atan", "inv", "/"),
]


def _points(arity: int) -> list[np.ndarray]:
    random = np.random.default_rng(3)
    return [random.uniform(0.1, 1.5, 40) * (1 if k else 1.3) for k in range(arity)]


@pytest.mark.parametrize("name", _TESTED)
def test_torch_numpy_and_sympy_agree(name: str) -> None:
    item = primitive(name)
    points = _points(item.arity)
    by_torch = item.torch(*(torch.from_numpy(p) for p in points)).numpy()
    np.testing.assert_allclose(item.numpy(*points), by_torch, rtol=1e-12, atol=1e-14)
    symbols = sympy.symbols(f"a:{item.arity}")
    formula = item.sympy(*symbols)
    for row in range(0, 40, 7):
        values = {s: sympy.Float(float(p[row]), 30) for s, p in zip(symbols, points, strict=True)}
        assert float(formula.xreplace(values).evalf()) == pytest.approx(by_torch[row], rel=1e-12, abs=1e-14)


def test_hardware_agrees_with_torch(tmp_path: Path) -> None:
    """One circuit of all primitives: C++ and Verilog have the program's bits, the program torch's values."""
    items = {f"y{k}": primitive(name) for k, name in enumerate(_TESTED)}
    symbols = sympy.symbols("x0 x1")
    formulas = {output: item.sympy(*symbols[: item.arity]) for output, item in items.items()}
    types = {"x0": FixedType(False, 8, 1), "x1": FixedType(False, 8, 1)}
    random = np.random.default_rng(5)
    inputs = random.integers(26, 256, (300, 2)) / 2.0**7  # 0.2 to 2: within the domain of all of them
    lowering = Lowering(formulas, types, inputs)
    errors = dict.fromkeys(formulas, 1e-3)
    program = optimize(lowering.within(errors).program)
    circuit = build_circuit(
        program, tmp_path, inputs, target=Target(), synthesis=Synthesis.ESTIMATE, progress=SilentProgress()
    )
    assert [a.executor for a in circuit.agreements] == ["C++ (g++)", "Verilog (Verilator)"]
    assert all(a.values == 300 * len(items) for a in circuit.agreements)
    values = Interpreter(program).predict(inputs)
    columns = torch.from_numpy(inputs)
    for k, item in enumerate(items.values()):
        by_torch = item.torch(*(columns[:, a] for a in range(item.arity))).numpy()
        rms = float(np.sqrt(np.mean((values[:, k] - by_torch) ** 2)))
        assert rms < 2e-3, (item.operator, rms)


def test_scale_is_part_of_the_meaning() -> None:
    item = primitive("sin")
    assert item.scale == pytest.approx(2 * np.pi)
    assert float(item.sympy(sympy.Rational(1, 4))) == pytest.approx(1.0)
    assert item.numpy(np.array([0.25]))[0] == pytest.approx(1.0)


def test_users_own_operator_is_trained_by_its_definition() -> None:
    lorentz = custom_operator("lorentz", {"parameters": ["x", "w"], "definition": "w**2/(x**2 + w**2)"})
    registry = Operators().extend([lorentz])
    item = primitive("lorentz", registry)
    a, w = torch.tensor([0.5, -2.0], dtype=torch.double), torch.tensor([1.0, 3.0], dtype=torch.double)
    a.requires_grad_()
    value = item.torch(a, w)
    torch.testing.assert_close(value, w**2 / (a**2 + w**2))
    value.sum().backward()
    torch.testing.assert_close(a.grad, (-2 * a * w**2 / (a**2 + w**2) ** 2).detach())
    np.testing.assert_allclose(item.numpy(a.detach().numpy(), w.numpy()), value.detach().numpy())
    x, y = sympy.symbols("x y")
    assert sympy.simplify(item.sympy(x, y) - y**2 / (x**2 + y**2)) == 0


def test_errors_name_the_operator() -> None:
    with pytest.raises(InputError, match="operator 'cbrt' has no torch function"):
        primitive("cbrt")
    with pytest.raises(InputError, match=r"unknown operator 'sine' \(did you mean"):
        units_for(("sine",))
    with pytest.raises(InputError, match="list each operator once"):
        units([("sin", 1), ("sin", 2)])
    with pytest.raises(InputError, match="can use none of the operators /"):
        units_for(("/",))


def test_units_for_a_search() -> None:
    names = {p.operator for p in units_for(("+", "-", "*", "/", "sin"))}
    assert names == {"identity", "*", "square", "sin"}
    assert isinstance(units_for(("+",))[0], Primitive)
