"""PySR's settings out of a file, and how far they reach. No Julia."""

from pathlib import Path

import numpy as np
import pytest

from sr2hls.cli.main import run
from sr2hls.errors import InputError
from sr2hls.flow.search import _study
from sr2hls.options import StudyOptions
from sr2hls.progress import SilentProgress
from sr2hls.search import PySREngine, SearchOptions
from sr2hls.search.pysr.call import pysr_call
from sr2hls.search.pysr.settings import PySRSettings
from sr2hls.search.pysr.settings_file import load_pysr_settings
from sr2hls.search.pysr.signature import pysr_signature

TEXT = """
niterations = 100
deterministic = false
[keyword]
nested_constraints = {sin = {sin = 0}}
parallelism = "multithreading"
[fit]
X_units = ["m", "s"]
y_units = "m/s"
[template]
expressions = ["f", "g"]
variable_names = ["x0", "x1"]
combine = "f(x0) + g(x1)"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "pysr.toml"
    path.write_text(TEXT)
    return path


def test_what_a_file_says(file: Path) -> None:
    assert load_pysr_settings(file) == PySRSettings(
        niterations=100,
        deterministic=False,
        keyword={
            "nested_constraints": {"sin": {"sin": 0}},
            "parallelism": "multithreading",
            "expression_spec": {
                "class": "TemplateExpressionSpec",
                "expressions": ["f", "g"],
                "variable_names": ["x0", "x1"],
                "combine": "f(x0) + g(x1)",
            },
        },
        fit={"X_units": ["m", "s"], "y_units": "m/s"},
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("niterations = 'many'", "the key 'niterations' takes a whole number"),
        ("niterations = true", "the key 'niterations' takes a whole number"),
        ("deterministic = 1", "the key 'deterministic' takes a true or false"),
        ("keyword = 3", "the key 'keyword' takes a table"),
        ("max_rows = 0", "setting max_rows is 0: give at least 1"),
        ("effort = 'huge'", "effort is 'huge': give one of low, medium, high"),
        ("batching = true", r"has the key 'batching': it may have .*put arguments of PySRRegressor under"),
        ("warm_start = true", "has the key 'warm_start': it may have"),
        ("trust_pickle = true", "has the key 'trust_pickle': it may have"),
        ("template = 3", "the key 'template' takes a table"),
        ("a = ", "is not TOML"),
        (f"niterations = {'1' * 5000}", "is not TOML"),
        ("[" * 100_000, "is not TOML"),
    ],
)
def test_what_is_refused(text: str, message: str, file: Path) -> None:
    file.write_text(text)
    with pytest.raises(InputError, match=message):
        load_pysr_settings(file)


def test_the_command_line_hands_it_to_the_engine(file: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "data.npz", X=rng.normal(size=(50, 2)), y=rng.normal(size=50))
    options = StudyOptions(data=tmp_path / "data.npz", output=tmp_path / "out", engines=("pysr",), pysr=file)
    (engine,) = _study(options, SilentProgress()).engines
    assert isinstance(engine, PySREngine)
    assert engine.complexity is not None and engine.complexity.name == "additive cycles"
    call = pysr_call(engine.complexity, SearchOptions(), engine.settings, pysr_signature(), features=2)
    assert call.keyword["niterations"] == 100
    assert call.keyword["nested_constraints"] == {"sin": {"sin": 0}}
    assert call.fit["X_units"] == ["m", "s"]


def test_a_wrong_file_is_a_sentence(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(tmp_path / "data.npz", X=np.ones((50, 2)), y=np.arange(50.0))
    file.write_text("batching = true")
    words = ["search", str(tmp_path / "data.npz"), "-o", str(tmp_path / "out"), "--pysr", str(file)]
    assert run(words) == 2
    assert "has the key 'batching'" in capsys.readouterr().err
