"""PySR's own process: run as a file, with the folder of a request as its argument.

It imports PySR before anything that could load other libraries (numpy, torch), as PySR asks for, and nothing
of sr2hls. A folder holds ``request.json`` and ``data.npz``; ``state.json`` says how far it is, and
``response.json`` how it ended.
"""

import ctypes
import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux' prctl(2)
_KILL = 9


def main(folder: Path) -> None:
    """Answer the request in a folder."""
    request = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    _end_with(request["parent"])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            versions = _start(folder)
            answer: dict[str, Any] = {"versions": versions}
            if request["task"] == "fit":
                _fit(folder, request, versions)
        except Exception as error:  # whatever PySR or Julia raises is the answer
            answer = {"error": f"{type(error).__name__}: {error}"}
    answer["warnings"] = [str(w.message) for w in caught]
    _write(folder / "response.json", answer)


def _start(folder: Path) -> dict[str, str]:
    import pysr

    julia = pysr.jl
    versions = {
        "pysr": str(pysr.__version__),
        "julia": str(julia.seval("string(VERSION)")),
        "symbolic_regression": str(julia.seval("string(pkgversion(SymbolicRegression))")),
    }
    _write(folder / "state.json", {"state": "started", "versions": versions})
    return versions


def _fit(folder: Path, request: dict[str, Any], versions: dict[str, str]) -> None:
    import numpy as np

    mappings = {name: _function(form) for name, form in request["mappings"].items()}
    keyword = {name: _value(value) for name, value in request["keyword"].items()}
    if "constraints" in keyword:
        limits = keyword["constraints"].items()
        keyword["constraints"] = {k: tuple(v) if isinstance(v, list) else v for k, v in limits}
    if mappings:
        keyword["extra_sympy_mappings"] = mappings | keyword.get("extra_sympy_mappings", {})
    model = _model(request["resume_from"], keyword)
    with np.load(folder / "data.npz", allow_pickle=False) as data:
        arrays = {name: data[name] for name in data.files}
    _write(folder / "state.json", {"state": "fitting", "versions": versions})
    fit = {name: _value(value) for name, value in request["fit"].items()}
    if "weights" in arrays:
        fit["weights"] = arrays["weights"]
    model.fit(arrays["X"], arrays["y"], **fit)


def _model(resume_from: str | None, keyword: dict[str, Any]) -> Any:
    from pysr import PySRRegressor

    if resume_from is None:
        return PySRRegressor(**keyword)
    run = Path(resume_from)
    # It unpickles: the parent asked the user. Names of run and folder have to be those of the run.
    more = {k: keyword[k] for k in ("extra_sympy_mappings",) if k in keyword}
    model = PySRRegressor.from_file(run_directory=str(run), **more)
    model.run_id_, model.output_directory_ = run.name, str(run.parent)
    model.set_params(**{**keyword, "run_id": run.name, "output_directory": str(run.parent)})
    return model


def _value(value: Any) -> Any:
    """Turn what JSON can hold into what PySR takes: its own objects, and numbers as keys."""
    if isinstance(value, list):
        return [_value(v) for v in value]
    if not isinstance(value, dict):
        return value
    if "class" not in value:
        return {int(k) if k.isdecimal() else k: _value(v) for k, v in value.items()}
    import pysr

    made = {k: _value(v) for k, v in value.items()}
    name = made.pop("class")
    kind = getattr(pysr, name, None) if name in pysr.__all__ else None
    if not isinstance(kind, type) or not name.endswith(("Spec", "Mutation", "Plugin")):
        raise ValueError(f"PySR {pysr.__version__} has no object '{name}' for a keyword argument")
    return kind(**made)


def _function(form: dict[str, Any]) -> Any:
    """Return a user's own operator for sympy."""
    import sympy

    body = _sympy(form["body"])
    symbols = [sympy.Symbol(p) for p in form["parameters"]]

    def apply(*args: Any) -> Any:
        return body.subs(dict(zip(symbols, args, strict=True)), simultaneous=True)

    return apply


def _sympy(lists: list[Any]) -> Any:
    import sympy

    name, *args = lists
    if name == "Symbol":
        return sympy.Symbol(args[0])
    if name == "Number":
        return sympy.Float(args[0]) if set(args[0]) & set(".e") else sympy.Rational(args[0])
    special = {"Pi": sympy.pi, "Exp1": sympy.E, "BooleanTrue": sympy.true, "BooleanFalse": sympy.false}
    if name in special:
        return special[name]
    if name == "ExprCondPair":
        return tuple(_sympy(a) for a in args)
    kind = getattr(sympy, name)
    if not (isinstance(kind, type) and issubclass(kind, sympy.Basic)):
        raise TypeError(f"{name} is no class of sympy")
    return kind(*(_sympy(a) for a in args))


def _end_with(parent: int) -> None:
    """Let the kernel end this process with its parent, even if that is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, _KILL)
    if os.getppid() != parent:
        os._exit(1)


def _write(path: Path, content: dict[str, Any]) -> None:
    """Write a file that appears whole."""
    beside = path.with_name(path.name + ".part")
    beside.write_text(json.dumps(content), encoding="utf-8")
    beside.replace(path)


if __name__ == "__main__":
    # Python puts the folder of this file first, whose names (operators, julia) are not those of packages.
    sys.path[:] = [p for p in sys.path if Path(p) != Path(__file__).parent]
    main(Path(sys.argv[1]))
    # Julia's own way out can crash or hang after all is written, and takes its time.
    sys.stdout.flush()
    os._exit(0)
