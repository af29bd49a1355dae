"""Parameters of the installed PySR, read from its source: importing it would start Julia."""

import ast
import importlib.metadata
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from sr2hls.errors import ToolError


@dataclass(frozen=True, slots=True)
class PySRSignature:
    """Parameters of the installed PySR.

    Attributes:
        version: version of PySR.
        init: parameters of ``PySRRegressor``.
        fit: parameters of its ``fit``.
    """

    version: str
    init: frozenset[str]
    fit: frozenset[str]


def pysr_signature(source: Path | None = None, version: str | None = None) -> PySRSignature:
    """Read the parameters of PySR from its source, without importing it.

    Args:
        source: its sr.py; found in the installation if ``None``.
        version: its version; that of the installation if ``None``.

    Raises:
        ToolError: PySR is not installed, or is laid out differently.
    """
    if source is None:
        spec = importlib.util.find_spec("pysr")
        if spec is None or spec.origin is None:
            raise ToolError("PySR is not installed: run pip install pysr, or use the engine 'operon'")
        source = Path(spec.origin).with_name("sr.py")
        version = version or importlib.metadata.version("pysr")
    found: dict[str, frozenset[str]] = {}
    for node in ast.parse(source.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and node.name == "PySRRegressor":
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and method.name in ("__init__", "fit"):
                    names = [a.arg for a in (*method.args.args, *method.args.kwonlyargs)]
                    found[method.name] = frozenset(names) - {"self"}
    if len(found) != 2:
        raise ToolError(f"no PySRRegressor in {source}: this version of PySR is not known, use 1.5 or 2.x")
    return PySRSignature(version or "unknown", found["__init__"], found["fit"])
