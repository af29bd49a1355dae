"""A copy of a `torch.export` archive that holds nothing that could run code while it is loaded.

`torch.export.load` unpickles sample inputs and constants, hands strings to sympy, compiles guards, looks
functions up by name below ``torch``, imports modules that the specification of a dictionary or an
enumeration names, and loads compiled libraries. None of that is needed for a network: the copy has the plain
tensors and a graph of ATen operators whose names, expressions and specifications have been checked. Names of
the modules that operators come from stay strings in torch (``deserialize_metadata``): nothing looks them up.
"""

import io
import json
import re
import zipfile
from pathlib import Path

from sr2hls.data.archive import check_archive
from sr2hls.errors import InputError, UnsafeFileError

_TARGET = re.compile(
    r"torch\.ops\.aten\.(?!from_file\b|save\b)\w+\.\w+|_operator\.(add|sub|mul|floordiv|truediv|mod|neg|getitem|eq|ne|le|lt|ge|gt)"
)
_PLAIN = re.compile(r"[\w.\-]*")
_EXPRESSION = re.compile(
    r"(?:Symbol\('[su]\d+'(?:, (?:positive|nonnegative|integer)=True)*\)|[su]\d+|(?<!\d)\d{1,19}(?!\d)"
    r"|Integer|Add|Mul|Max|Min|FloorDiv|Mod|[+\-/(), ]|(?<!\*)\*(?!\*))*"
)
"""Without powers: sympy works them out, and a few characters of them take all time and memory."""
_LONGEST = 1000
"""Characters of an expression; sympy parses brackets inside each other recursively."""
_CONTAINERS = (None, "builtins.tuple", "builtins.list", "builtins.dict")
"""Types of a specification. Torch imports the module that a defaultdict or an enumeration names."""
_STACK = re.compile(r"[\w.,;@<>\-]*")
"""Names of the modules that an operator comes from; torch keeps them as strings."""
_WEIGHTS = re.compile(r"data/(weights|constants)/\w+|data/(weights|constants)/\w+_config\.json")


def clean_copy(path: Path) -> io.BytesIO:
    """Return the archive without samples, traces and guards.

    Raises:
        UnsafeFileError: it holds pickles, compiled code or names that are more than names.
        InputError: it is no archive of `torch.export` with a single network.
    """
    names = check_archive(path)
    roots = {name.split("/", 1)[0] for name in names}
    if len(roots) != 1:
        raise InputError(
            f"'{path}' is no archive of torch.export: save the network again with torch.export.save"
        )
    root = roots.pop() + "/"
    with zipfile.ZipFile(path) as archive:
        members = {name.removeprefix(root): name for name in names}
        models = [name for name in members if re.fullmatch(r"models/\w+\.json", name)]
        if len(models) != 1:
            raise InputError(
                f"'{path}' holds {len(models)} networks in the form of torch.export: save one again with "
                "torch.export.save of torch 2.8 or newer"
            )
        compiled = next((name for name in members if "aotinductor" in name or name.endswith(".so")), None)
        if compiled:
            raise UnsafeFileError(
                f"'{path}' holds compiled code ({compiled!r}), which would be run: save it without"
            )
        # Only here: it brings torch's compiler, which no other network needs.
        from torch.export.pt2_archive._package import PT2ArchiveWriter

        buffer = io.BytesIO()
        with PT2ArchiveWriter(buffer) as writer:
            for short, name in members.items():
                if short.endswith("_config.json") and _WEIGHTS.fullmatch(short):
                    writer.write_bytes(_renamed(short, models[0]), _tensor_table(archive.read(name), path))
                elif _WEIGHTS.fullmatch(short):
                    writer.write_bytes(short, archive.read(name))
            writer.write_bytes("models/model.json", _graph(archive.read(members[models[0]]), path))
            writer.write_bytes("data/sample_inputs/model.pt", b"")
    buffer.seek(0)
    return buffer


def _renamed(config: str, model: str) -> str:
    name = Path(model).stem
    return config.replace(f"/{name}_", "/model_")


def _json(data: bytes, path: Path) -> dict[str, object]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError(f"'{path}' holds broken JSON ({error}): save it again") from error
    if not isinstance(value, dict):
        raise InputError(f"'{path}' holds no description of a network: save it again")
    return value


def _tensor_table(data: bytes, path: Path) -> bytes:
    table = _json(data, path)
    entries = table.get("config")
    for name, entry in (entries if isinstance(entries, dict) else {}).items():
        plain = isinstance(entry, dict) and entry.get("use_pickle") is False
        if (
            not plain
            or not _PLAIN.fullmatch(name)
            or not re.fullmatch(r"(weight|tensor)_\d+", str(entry["path_name"]))
        ):
            raise UnsafeFileError(
                f"'{path}' stores {name!r} as a pickle, which runs code when it is read: save the network "
                f"in a newer torch"
            )
    return data


def _graph(data: bytes, path: Path) -> bytes:
    model = _json(data, path)
    model["guards_code"] = []
    graph = model.get("graph_module")
    if not isinstance(graph, dict):
        raise InputError(f"'{path}' holds no graph: save it again with torch.export.save")
    graph["metadata"] = {}
    _check(model, "", path)
    return json.dumps(model).encode()


def _check(value: object, key: str, path: Path) -> None:
    """Walk the description; drop notes, and check every string by the kind of place it stands in."""
    if isinstance(value, dict):
        if isinstance(notes := value.get("metadata"), dict):
            stack = notes.get("nn_module_stack")
            plain = isinstance(stack, str) and _STACK.fullmatch(stack)
            value["metadata"] = {"nn_module_stack": stack} if plain else {}
        for name, item in value.items():
            rule = _EXPRESSION if key == "range_constraints" else _PLAIN
            _check_text(name, rule, path)
            _check(item, name, path)
    elif isinstance(value, list):
        for item in value:
            _check(item, key, path)
    elif isinstance(value, str):
        if key in ("in_spec", "out_spec"):
            _check_specification(value, path)
            return
        rules: dict[str, re.Pattern[str] | None] = {
            "target": _TARGET,
            "expr_str": _EXPRESSION,
            "nn_module_stack": _STACK,
            "torch_version": None,
        }
        found = rules.get(key, _PLAIN)
        if found is not None:
            _check_text(value, found, path)


def _check_specification(text: str, path: Path) -> None:
    """Check how arguments are put together: plain containers, whose context is a string without objects."""
    try:
        _, root = json.loads(text)
        waiting = [root]
        while waiting:
            part = waiting.pop()
            context = part["context"]
            plain = context is None or (isinstance(context, str) and "{" not in context)
            if part["type"] not in _CONTAINERS or not plain:
                raise UnsafeFileError(
                    f"'{path}' puts arguments together as {str(part['type'])[:80]!r}, which can name a "
                    "module to import: give the network tensors alone, or export it to ONNX"
                )
            waiting += part["children_spec"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputError(f"'{path}' has a broken specification of its arguments: save it again") from error


def _check_text(text: str, rule: re.Pattern[str], path: Path) -> None:
    if (rule is _EXPRESSION and len(text) > _LONGEST) or not rule.fullmatch(text):
        what = "operator" if rule is _TARGET else "name or expression"
        raise UnsafeFileError(
            f"'{path}' uses the {what} {text[:80]!r}, which is not one of a plain network: export it to "
            f"ONNX instead"
        )
