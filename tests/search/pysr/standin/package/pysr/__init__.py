"""A package that stands in for PySR in its own process: it writes halls of fame, and ends as it is told to.

The environment variable PYSR_STANDIN says how: a word of `_WAYS`. What the real PySR would assert about its
arguments (1.5.10, 2.0 and 2.7.2 alike) is asserted here.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

__version__ = "2.7.2"
__all__ = ["PySRRegressor", "TemplateExpressionSpec", "jl"]

WAY = os.environ.get("PYSR_STANDIN", "finish")
RUN = os.environ.get("PYSR_STANDIN_RUN", "")
"""Recorded run whose hall of fame is written."""
_ROWS = "Complexity,Loss,Equation\n1,0.5,x0\n3,0.25,x0 + 0.5\n5,0.125,(x0 * x0) + 0.5\n"
_LONG_S = 600.0

if WAY == "no start":
    sys.stdout.write("resolving\n")
    raise RuntimeError("could not find Julia 1.10")
if WAY == "slow start":
    time.sleep(_LONG_S)


class jl:  # noqa: N801 - as PySR calls it
    @staticmethod
    def seval(code):
        known = {"string(VERSION)": "1.10.9", "string(pkgversion(SymbolicRegression))": "1.13.0"}
        return known[code]


class TemplateExpressionSpec:
    def __init__(self, combine, expressions, variable_names, parameters=None):
        self.shown = [combine, expressions, variable_names, parameters]


class PySRRegressor:
    def __init__(self, **keyword):
        self.run_id = self.output_directory = None
        self.set_params(**keyword)
        if keyword["maxsize"] > 40:
            warnings.warn(
                "Note: Using a large maxsize for the equation search will be exponentially slower.",
                stacklevel=2,
            )

    def set_params(self, **keyword):
        self.keyword = getattr(self, "keyword", {}) | keyword
        self.run_id = keyword.get("run_id", self.run_id)
        self.output_directory = keyword.get("output_directory", self.output_directory)

    @classmethod
    def from_file(cls, *, run_directory, **more):
        kept = json.loads((Path(run_directory) / "checkpoint.pkl").read_text())
        model = cls(maxsize=30, run_id=kept["run_id"], output_directory=kept["output_directory"])
        model.run_id_, model.output_directory_ = kept["run_id"], kept["output_directory"]
        return model

    def fit(self, X, y, **more):
        self._setup_equation_file()
        directory = Path(self.output_directory_) / self.run_id_
        directory.mkdir(parents=True, exist_ok=True)
        self._tell(directory, X, y, more)
        self._checkpoint(directory)
        outputs = 1 if y.ndim == 1 else y.shape[1]
        _WAYS[WAY](directory, outputs)
        self._checkpoint(directory)

    def _setup_equation_file(self):
        if self.keyword["warm_start"] and hasattr(self, "run_id_"):
            assert self.run_id is None or self.run_id_ == self.run_id
            assert self.output_directory is None or self.output_directory_ == self.output_directory
        else:
            self.run_id_, self.output_directory_ = self.run_id, self.output_directory

    def _checkpoint(self, directory):
        kept = {"run_id": self.run_id_, "output_directory": self.output_directory_}
        (directory / "checkpoint.pkl").write_text(json.dumps(kept))

    def _tell(self, directory, X, y, more):
        """Write down how it was called, for the test to look at."""
        told = os.environ.get("PYSR_STANDIN_TOLD")
        if not told:
            return
        weights = more.pop("weights", None)
        shown = {
            "keyword": self.keyword,
            "fit": more,
            "X": [X.shape, str(X.dtype)],
            "y": y.shape,
            "weights": None
            if weights is None
            else [float(weights.min()), float(weights.max()), weights.shape],
            "torch": "torch" in sys.modules or "sr2hls" in sys.modules,
            "session": os.getsid(0) == os.getpid(),
            "folder": str(directory),
        }
        Path(told).write_text(json.dumps(shown, default=_shown))


def _shown(value):
    if isinstance(value, TemplateExpressionSpec):
        return value.shown
    import sympy

    return str(value(sympy.Symbol("a")))


def _write(directory, outputs, end=None):
    names = (
        ["hall_of_fame.csv"] if outputs == 1 else [f"hall_of_fame_output{k + 1}.csv" for k in range(outputs)]
    )
    for name in names:
        text = _ROWS
        if RUN:
            features = json.loads(os.environ["PYSR_STANDIN_NAMES"])
            text = (Path(RUN) / name).read_text()
            for i, feature in enumerate(features):
                text = re.sub(rf"\b{feature}\b", f"x{i}", text)
        for path in (directory / name, directory / (name + ".bak")):
            path.write_text(text)
        if end is not None:
            (directory / name).write_text(text[:end])


def _go_on(directory, outputs):
    """Heed neither signals nor time, as Julia does that computes."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    _write(directory, outputs)
    time.sleep(_LONG_S)


def _torn(directory, outputs):
    _write(directory, outputs, end=-6)
    time.sleep(_LONG_S)


def _workers(directory, outputs):
    """Julia's worker processes have sessions of their own."""
    subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({_LONG_S})"], start_new_session=True)
    _go_on(directory, outputs)


def _die(directory, outputs):
    _write(directory, outputs)
    _die_early(directory, outputs)


def _die_early(directory, outputs):
    sys.stderr.write("\n[42] signal (11.1): Segmentation fault\nin expression starting at none:0\n")
    sys.stderr.flush()
    os.kill(os.getpid(), signal.SIGSEGV)


def _fail(directory, outputs):
    raise RuntimeError("Julia: UndefVarError: `foo` not defined")


def _fail_late(directory, outputs):
    _write(directory, outputs)
    _fail(directory, outputs)


def _first_only(directory, outputs):
    _write(directory, outputs)
    for path in directory.glob("hall_of_fame_output[2-9]*"):
        path.unlink()


def _warn(directory, outputs):
    warnings.warn("something to\nknow", stacklevel=2)
    print("a line of Julia's on standard output")
    _write(directory, outputs)


_WAYS = {
    "finish": _write,
    "go on": _go_on,
    "torn": _torn,
    "workers": _workers,
    "die": _die,
    "die early": _die_early,
    "fail": _fail,
    "fail late": _fail_late,
    "first only": _first_only,
    "warn": _warn,
    "nothing": lambda directory, outputs: None,
    "slow start": _write,
}
