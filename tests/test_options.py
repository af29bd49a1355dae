"""Options of a call in Python: words where the command line has words."""

import inspect
from pathlib import Path

import pytest

from sr2hls.errors import InputError
from sr2hls.options import (
    CompileOptions,
    Effort,
    EngineName,
    ExploreOptions,
    LowerOptions,
    StrategyName,
    StudyOptions,
    Synthesis,
    Tables,
    called_with,
)


def test_words_become_choices_and_paths() -> None:
    options = CompileOptions(
        "net.onnx", "data.npz", "out", effort="low", engine="operon", synthesis="ecp5", explored="study"
    )
    assert options.checkpoint == Path("net.onnx") and options.output == Path("out")
    assert options.effort is Effort.LOW and options.engine is EngineName.OPERON
    assert options.synthesis is Synthesis.ECP5 and options.explored == Path("study")
    explored = ExploreOptions(
        "net.onnx", "data.npz", "out", strategies=["additive"], tables="free", luts=(30,)
    )
    assert explored.strategies == (StrategyName.ADDITIVE,) and explored.tables is Tables.FREE
    assert ExploreOptions("n", "d", "o", strategies="additive").strategies == (StrategyName.ADDITIVE,)
    assert ExploreOptions("n", "d", "o", tables=None, effort=Effort.HIGH).effort is Effort.HIGH
    assert LowerOptions("x*y", "out", features=["x", "y"]).features == ("x", "y")
    assert StudyOptions("data.csv", "out", seeds=[1, 2]).seeds == (1, 2)


def test_a_word_that_is_no_choice_is_named() -> None:
    with pytest.raises(InputError, match=r"^effort is 'lo': give one of low, medium, high$"):
        CompileOptions("n", "d", "o", effort="lo")
    with pytest.raises(
        InputError, match=r"^strategy name is 'tree': give one of readable, fronts, additive, lut-network$"
    ):
        ExploreOptions("n", "d", "o", strategies=["tree"])
    with pytest.raises(InputError, match=r"^search cost is 'x': give one of cycles, path, area, combined$"):
        StudyOptions("d", "o", cost="x")


def test_part_clock_and_budgets_make_the_target() -> None:
    target = CompileOptions("n", "d", "o", part="LFE5U-85F", clock_ns=8, max_lut=400, min_fidelity=0.9).target
    assert (target.part, target.clock_ns) == ("LFE5U-85F", 8)
    assert (target.budget.max_lut, target.budget.max_dsp, target.budget.min_fidelity) == (400, None, 0.9)
    assert LowerOptions("x", "o", max_dsp=2).target.budget.max_dsp == 2
    with pytest.raises(InputError, match="unknown part 'z80'"):
        CompileOptions("n", "d", "o", part="z80")


@called_with(CompileOptions)
def asked(options: CompileOptions) -> CompileOptions:
    """Return the options."""
    return options


def test_a_function_takes_the_fields_of_its_options() -> None:
    assert asked("net.onnx", "jets.npz", "result", max_lut=400) == CompileOptions(
        Path("net.onnx"), Path("jets.npz"), Path("result"), max_lut=400
    )
    assert asked.__doc__ == "Return the options."
    assert list(inspect.signature(asked).parameters)[:3] == ["checkpoint", "data", "output"]
    with pytest.raises(InputError, match="unknown option 'max_luts': CompileOptions has allow_pickle, "):
        asked("net.onnx", "jets.npz", "result", max_luts=3)  # type: ignore[call-arg]


def test_exploring_has_no_option_that_chooses_a_design() -> None:
    with pytest.raises(TypeError, match="max_lut"):
        ExploreOptions("n", "d", "o", max_lut=3)  # type: ignore[call-arg]
