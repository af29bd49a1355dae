"""Options of a call in Python: words where the command line has words."""

from pathlib import Path
from typing import Any

import pytest

from sr2hls.errors import InputError
from sr2hls.options import (
    CompileOptions,
    Effort,
    Engine,
    ExploreOptions,
    Structure,
    Synthesis,
    Tables,
    options_of,
)
from sr2hls.target import Target


def asked(kind: type[CompileOptions], **more: Any) -> Any:
    return options_of(kind, "net.onnx", "data.npz", "out", Target(), more)


def test_words_become_choices_and_paths() -> None:
    options = asked(CompileOptions, effort="low", engine="operon", synthesis="ecp5", explored="study")
    assert options.effort is Effort.LOW and options.engine is Engine.OPERON
    assert options.synthesis is Synthesis.ECP5 and options.explored == Path("study")
    options = asked(ExploreOptions, structures=["sum"], tables="free", luts=(30,))
    assert options.structures == (Structure.SUM,) and options.tables is Tables.FREE
    assert asked(ExploreOptions, tables=None, effort=Effort.HIGH).effort is Effort.HIGH


def test_a_word_that_is_no_choice_is_named() -> None:
    with pytest.raises(InputError, match=r"^effort is 'lo': give one of low, medium, high$"):
        asked(CompileOptions, effort="lo")
    with pytest.raises(InputError, match=r"^structures is 'tree': give one of sum, cascade$"):
        asked(ExploreOptions, structures=["tree"])
