"""Compile C++ with g++ into a shared library, once for each content."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sr2hls.errors import ToolError
from sr2hls.store.directory import Directory
from sr2hls.store.room import refuse_full
from sr2hls.tied import run_tied

FLAGS = ("-std=c++14", "-O2", "-fPIC", "-shared", "-fno-gnu-unique", "-w")
"""-w: the open ap_types headers warn about themselves."""


def compiler() -> str:
    """Return the path of the C++ compiler: ``$CXX`` or g++.

    Raises:
        ToolError: there is none.
    """
    wanted = os.environ.get("CXX") or "g++"
    found = shutil.which(wanted)
    if found is None:
        raise ToolError(
            f"'{wanted}' is not on PATH: install g++ (Debian, Ubuntu: apt install g++) or set CXX to a C++ "
            "compiler to run the HLS project's C++"
        )
    return found


def compile_shared(
    sources: Sequence[Path],
    library_dir: Path,
    *,
    include_dirs: Sequence[Path] = (),
    defines: dict[str, str] | None = None,
    timeout_s: float = 1800.0,
) -> Path:
    """Compile sources into a shared library; what was compiled before is used again.

    Args:
        sources: C++ files.
        library_dir: where libraries are kept; made where it is missing.
        include_dirs: directories of headers. Their files count as content: an edited header compiles anew.
        defines: macros.
        timeout_s: most seconds that the compiler may take.

    Returns:
        Path of the library; its name is the digest of everything that went in.

    Raises:
        ToolError: there is no compiler, it fails or takes too long.
    """
    command = [compiler(), *FLAGS]
    command += [f"-D{name}={value}" for name, value in (defines or {}).items()]
    digest = hashlib.sha256("\0".join(command).encode())
    headers = {h for d in include_dirs for pattern in ("*.h", "*.cpp") for h in d.rglob(pattern)}
    for path in [*sources, *sorted(headers)]:
        digest.update(path.read_bytes())
    library = library_dir / f"lib{digest.hexdigest()[:24]}.so"
    if library.is_file():
        return library
    includes = [f"-I{d}" for d in include_dirs]
    with Directory.at(library_dir).unfinished_file(library.name) as unfinished:
        _run([*command, *includes, *map(str, sources), "-o", str(unfinished)], sources[0], timeout_s)
    return library


def _run(command: list[str], source: Path, timeout_s: float) -> None:
    try:
        done = run_tied(command, timeout_s=timeout_s)
    except subprocess.TimeoutExpired:
        raise ToolError(f"{command[0]} did not finish '{source}' within {timeout_s:g} s") from None
    if done.returncode:
        refuse_full(Path(tempfile.gettempdir()))  # g++ keeps its assembly there
        lines = [line for line in done.stderr.splitlines() if "error:" in line] or [
            f"exit code {done.returncode}"
        ]
        raise ToolError(f"{command[0]} cannot compile '{source}': {lines[0].strip()}")
