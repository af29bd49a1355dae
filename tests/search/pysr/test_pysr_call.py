"""What PySR is called with, against the real signatures of PySR 1.5, 2.0 and the installed one. No Julia."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy

from sr2hls.costs import (
    FoldCost,
    Operators,
    additive_cycles,
    area,
    custom_operator,
    estimated_luts,
    longest_path,
    published_cycles,
    weighted,
)
from sr2hls.errors import InputError, ToolError
from sr2hls.search import Loss, PySREngine, PySRSettings, SearchOptions
from sr2hls.search.custom import with_definitions
from sr2hls.search.pysr import julia as julia_module
from sr2hls.search.pysr.call import PySRCall, pysr_call
from sr2hls.search.pysr.julia import JuliaStatus
from sr2hls.search.pysr.signature import PySRSignature, pysr_signature

CYCLES = published_cycles()
ADDITIVE, PATH = additive_cycles(CYCLES), longest_path(CYCLES)
RUNS = Path(__file__).parents[1] / "data" / "pysr_runs"
HEAT = SearchOptions(operators=("+", "-", "*", "/", "sin", "exp"))


def recorded_signature(version: str) -> PySRSignature:
    data = json.loads((Path(__file__).parent / "data" / f"parameters_{version}.json").read_text())
    return PySRSignature(data["version"], frozenset(data["__init__"]), frozenset(data["fit"]))


SIGNATURES = [recorded_signature("1.5.10"), recorded_signature("2.0.0"), pysr_signature()]


@pytest.fixture(params=SIGNATURES, ids=lambda s: s.version)
def signature(request: pytest.FixtureRequest) -> PySRSignature:
    return request.param  # type: ignore[no-any-return]


def call(
    signature: PySRSignature,
    cost: FoldCost = ADDITIVE,
    options: SearchOptions = HEAT,
    features: int = 2,
    time_limit: float | None = None,
    **settings: object,
) -> PySRCall:
    return pysr_call(
        cost,
        options,
        PySRSettings(**settings),
        signature,
        features=features,
        seed=3,
        time_limit=time_limit,  # type: ignore[arg-type]
    )


def test_two_major_versions_are_covered() -> None:
    assert [s.version.split(".")[0] for s in SIGNATURES] == ["1", "2", "2"]
    assert "type_spec" not in SIGNATURES[0].init


def test_additive_cycles_are_those_of_the_recorded_run(signature: PySRSignature) -> None:
    recorded = json.loads((RUNS / "heat_cycles" / "call.json").read_text())["kwargs"]
    made = call(signature).keyword
    for key in (
        "binary_operators",
        "unary_operators",
        "complexity_of_operators",
        "deterministic",
        "parallelism",
    ):
        assert made[key] == recorded[key]
    assert made["complexity_of_constants"] == made["complexity_of_variables"] == 1
    assert made["random_state"] == 3
    assert "complexity_mapping" not in made


def test_every_keyword_exists(signature: PySRSignature) -> None:
    operators = Operators().extend([custom_operator("lorentz", {"definition": "1/(1.5 + x**2)"})])
    tables = [with_definitions(t, operators) for t in (estimated_luts(), CYCLES)]
    combined = weighted("both", "LUT", [(1, area(tables[0])), (50, longest_path(tables[1]))])
    options = SearchOptions(
        operators=("+", "*", "^", "sin", "lorentz"), definitions=operators, target_loss=1e-9, loss=Loss.LOG
    )
    made = call(
        signature,
        combined,
        options,
        time_limit=60,
        niterations=5,
        output_directory="runs",
        run_id="first",
        keyword={
            "nested_constraints": {"sin": {"sin": 0}},
            "batching": True,
            "batch_size": 64,
            "select_k_features": 2,
            "cluster_manager": None,
            "weight_optimize": 0.001,
        },
        fit={"X_units": ["m", "s"], "y_units": "m/s", "weights": None},
    )
    assert set(made.keyword) <= signature.init
    assert set(made.fit) <= signature.fit
    assert made.keyword["timeout_in_seconds"] == 60
    assert made.keyword["early_stop_condition"] == 1e-9
    assert made.fit["y_units"] == "m/s"


def test_maxsize_counts_in_units_of_complexity(signature: PySRSignature) -> None:
    # One division costs 29: in PySR's default of 30 there is no room for anything beside it.
    made = call(signature)
    assert made.keyword["maxsize"] >= 60
    assert made.keyword["maxsize"] >= ADDITIVE.cost(sympy.sympify("(a*x + b)*sin(c*x + d)/(x + y)"))
    assert call(signature, maxsize=45).keyword["maxsize"] == 45


@pytest.mark.parametrize("cost", [PATH, area(estimated_luts("ap_fixed<12,4>"))], ids=["path", "area"])
def test_other_costs_become_julia_code(signature: PySRSignature, cost: FoldCost) -> None:
    made = call(signature, cost)
    assert made.keyword["complexity_mapping"].startswith("function sr2hls_cost(ex)")
    assert "complexity_of_operators" not in made.keyword
    assert made.keyword["maxsize"] < 4000, "PySR keeps tables of this size"


def test_inputs_travel_under_safe_names(signature: PySRSignature) -> None:
    options = SearchOptions(operators=("+",), input_names=("multiplicity", "lambda", "E"))
    assert call(signature, options=options, features=3).fit["variable_names"] == ["x0", "x1", "x2"]


def test_own_operators_in_every_language(signature: PySRSignature) -> None:
    operators = Operators().extend(
        [
            custom_operator("sc", {"definition": "sin(x)*cos(x)"}),
            custom_operator("lorentz", {"definition": "1/(1.5 + x**2)"}),
            custom_operator("given", {"definition": "x**2", "julia": "given(x) = x * x"}),
            custom_operator("mix", {"parameters": ["a", "b"], "definition": "max(a, -b) + lorentz(a)**3"}),
        ]
    )
    table = published_cycles(operators=operators)
    costs = {**table.costs, "sc": 2, "lorentz": 2, "given": 1, "mix": 5}
    cost = additive_cycles(
        type(table)(costs, "cycles", table.precision, table.provenance, operators=operators)
    )
    options = SearchOptions(operators=("+", "sc", "lorentz", "given", "mix"), definitions=operators)
    made = call(signature, cost, options).keyword
    assert made["unary_operators"] == [
        "sc(x) = (sin(x) * cos(x))",
        "lorentz(x) = (1 / (oftype(x, 1.5) + (x ^ 2)))",
        "given(x) = x * x",
    ]
    assert made["binary_operators"][1] == (
        "mix(a, b) = (max(a, (-b)) + ((1 / (oftype(a, 1.5) + (a ^ 2))) ^ 3))"
    )
    assert made["complexity_of_operators"] == {"+": 1, "sc": 2, "lorentz": 2, "given": 1, "mix": 5}


def test_own_operator_costs_what_its_definition_costs() -> None:
    own = [
        custom_operator("lorentz", {"definition": "1/(1.5 + x**2)"}),
        custom_operator("up", {"definition": "x+1"}),
    ]
    table = with_definitions(CYCLES, Operators().extend(own))
    assert table["lorentz"] == 29 + 1 + 14
    assert table["up"] == 1
    with pytest.raises(InputError, match="no cost for operator 'erf'"):
        with_definitions(CYCLES, Operators().extend([custom_operator("f", {"definition": "erf(x)"})]))


def test_own_operator_without_a_cost_is_named(signature: PySRSignature) -> None:
    operators = Operators().extend([custom_operator("lorentz", {"definition": "1/(1.5 + x**2)"})])
    with pytest.raises(InputError, match="'additive cycles' has no cost for operator 'lorentz'"):
        call(signature, options=SearchOptions(operators=("+", "lorentz"), definitions=operators))


def test_unknown_keyword_is_named_with_the_version(signature: PySRSignature) -> None:
    with pytest.raises(
        InputError, match=rf"PySR {signature.version} has no keyword 'max_size', did you mean 'maxsize'"
    ):
        call(signature, keyword={"max_size": 3})
    with pytest.raises(InputError, match=r"fit of PySR .* has no keyword 'x_units', did you mean 'X_units'"):
        call(signature, fit={"x_units": ["m"]})


def test_keyword_of_pysr_2_only() -> None:
    given = {"operators": {1: ["sin"], 2: ["+"], 3: ["muladd"]}}
    with pytest.raises(InputError, match=r"PySR 1\.5\.10 has no keyword 'operators'"):
        call(SIGNATURES[0], keyword=given)
    for newer in SIGNATURES[1:]:
        made = call(newer, keyword=given).keyword
        assert "unary_operators" not in made
        assert "binary_operators" not in made


def test_parallel_and_deterministic_exclude_each_other(signature: PySRSignature) -> None:
    assert call(signature, deterministic=False).keyword["parallelism"] == "multithreading"
    made = call(
        signature,
        deterministic=False,
        keyword={"parallelism": "multiprocessing", "procs": 64, "cluster_manager": "slurm"},
    )
    assert (made.keyword["parallelism"], made.keyword["cluster_manager"]) == ("multiprocessing", "slurm")
    with pytest.raises(InputError, match="deterministic only with parallelism 'serial'"):
        call(signature, keyword={"parallelism": "multithreading"})


def test_power_has_a_constant_exponent_unless_told_otherwise(signature: PySRSignature) -> None:
    options = SearchOptions(operators=("+", "^"))
    assert call(signature, options=options).keyword["constraints"] == {"^": (-1, 1)}
    own = {"constraints": {"^": (-1, 9)}}
    assert call(signature, options=options, keyword=own).keyword["constraints"] == {"^": (-1, 9)}


def test_losses(signature: PySRSignature) -> None:
    assert "elementwise_loss" not in call(signature).keyword
    options = SearchOptions(operators=("+",), loss=Loss.LOG)
    code = "prediction / target > 0 ? abs2(log(prediction / target)) : oftype(target, 1e6)"
    plain = call(signature, options=options).keyword["elementwise_loss"]
    assert plain == f"(prediction, target) -> ({code})"
    weighted = pysr_call(ADDITIVE, options, PySRSettings(), signature, features=2, weighted=True)
    assert weighted.keyword["elementwise_loss"] == f"(prediction, target, weight) -> weight * ({code})"
    own = {"loss_function": "my(tree, dataset, options) = 1.0f0"}
    assert "elementwise_loss" not in call(signature, options=options, keyword=own).keyword


def test_cost_that_pysr_cannot_have(signature: PySRSignature) -> None:
    class Own:
        name = "own"

    with pytest.raises(InputError, match="'own' is a Own: use engine 'operon'"):
        pysr_call(Own(), HEAT, PySRSettings(), signature, features=1)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="operator 'select' has 3 arguments"):
        call(signature, options=SearchOptions(operators=("+", "select")))


def test_without_julia_nothing_is_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(julia_module, "julia_status", lambda: JuliaStatus(False, "Julia is not installed"))
    with pytest.raises(ToolError, match="Julia is not installed: run 'sr2hls doctor --install-julia'"):
        PySREngine().search([[0.0], [1.0]], [0.0, 1.0], cost=ADDITIVE, options=HEAT)


@pytest.mark.parametrize(("run", "outputs"), [("heat_cycles", 1), ("vector_field", 2)])
def test_what_pysr_found_is_polished_and_scored(standin: Any, run: str, outputs: int) -> None:
    data = np.load(RUNS / run / "data.npz", allow_pickle=False)
    names = tuple(str(n) for n in data["names"])
    told = standin("finish", RUNS / run, names)
    options = SearchOptions(operators=HEAT.operators, input_names=names, latency=PATH)
    frontier = PySREngine().search(data["X"], data["y"], cost=ADDITIVE, options=options, seed=5)
    assert len(frontier) == outputs
    for front in frontier.fronts:
        for c in front.candidates:
            assert (c.engine, c.details["seed"]) == ("pysr", 5)
            assert c.cost == ADDITIVE.cost(c.expr)
            assert c.latency == PATH.cost(c.expr)
    best = frontier.select("loss")
    if run == "heat_cycles":
        assert best[0].loss < 1.76e-8, "no worse than PySR's own constants"
    else:
        x0, x1 = sympy.symbols("x0 x1")
        assert sympy.simplify(best[0].expr - x1 / (x1 + 1)) == 0
        assert sympy.simplify(best[1].expr + x0 / (x0 + 1)) == 0
    raw = PySREngine(polish=False).search(data["X"], data["y"], cost=ADDITIVE, options=options, seed=5)
    assert told()["fit"]["variable_names"] == [f"x{i}" for i in range(len(names))]
    for c in raw[0].candidates:
        assert c.loss == pytest.approx(c.details["pysr_loss"], rel=1e-4), "PySR counts in single precision"
