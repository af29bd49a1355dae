"""ABC's combinational equivalence check, in a process of its own with a time limit.

ABC comes with Yosys: R. Brayton, A. Mishchenko, "ABC: An Academic Industrial-Strength Verification Tool",
CAV 2010. It finds gates of the two sides that are equal by simulation and SAT, from the inputs on. What it
says to differ is believed only where the graph differs, too.
"""

import re
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from sr2hls.prove.aig import Aig
from sr2hls.synthesis.yosys_run import yosys_version

_SCRIPTS = ("&r left.aig; &cec -T {limit} right.aig", "cec -T {limit} -C 100000000 left.aig right.aig")
"""The newer check first; the older one settles some multipliers that it does not."""
_PATTERN = re.compile(r"INPUT: (.*?)\.  OUTPUT", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a solver said.

    Attributes:
        equal: None where it did not settle the question.
        counterexample: values of the variables, by their literals, where the sides differ.
        note: one sentence where nothing was settled.
    """

    equal: bool | None
    counterexample: dict[int, bool] | None = None
    note: str = ""


def solver_name() -> str:
    """Return the solver's name and version."""
    return f"ABC of Yosys {yosys_version()}"


def find_abc() -> Path | None:
    """Return the executable that comes with pyosys, else None."""
    spec = find_spec("pyosys")
    if spec is None or not spec.submodule_search_locations:
        return None
    program = Path(next(iter(spec.submodule_search_locations))) / "yosys-abc"
    return program if program.is_file() else None


def compare(aig: Aig, left: Sequence[int], right: Sequence[int], limit_s: float) -> Verdict:
    """Return whether two lists of literals are equal, in their order, for all values of the variables."""
    pairs = [(a, b) for a, b in zip(left, right, strict=True) if a != b]
    if not pairs:
        return Verdict(True)
    program = find_abc()
    if program is None:
        return Verdict(None, note="the solver ABC is missing: run 'pip install pyosys'")
    if limit_s <= 0:
        return Verdict(None, note="the time limit was reached before the solver began")
    variables = [2 * n for n in aig.cone(k for pair in pairs for k in pair) if aig.left[n] < 0]
    ends = time.monotonic() + limit_s
    note = f"the solver ABC did not settle it within {limit_s:.0f} s"
    with tempfile.TemporaryDirectory(prefix="sr2hls-prove-") as scratch:
        work = Path(scratch)
        (work / "left.aig").write_bytes(aig.aiger(variables, [a for a, _ in pairs]))
        (work / "right.aig").write_bytes(aig.aiger(variables, [b for _, b in pairs]))
        for number, script in enumerate(_SCRIPTS):
            rest = (ends - time.monotonic()) / (len(_SCRIPTS) - number)
            if rest <= 0:
                break
            said = _run([str(program), "-q", script.format(limit=max(1, int(rest)))], work, rest)
            if said is None:
                continue
            if "Networks are equivalent" in said:
                return Verdict(True)
            if "NOT EQUIVALENT" in said:
                found = _counterexample(aig, pairs, variables, said)
                if found is not None:
                    return Verdict(False, found)
                note = "the solver ABC gave a counter-example that is none"
            elif "Timed out" not in said and "UNDECIDED" not in said:
                note = f"the solver ABC failed: {said.strip()[-200:] or 'no message'}"
    return Verdict(None, note=note)


def _run(command: Sequence[str], work: Path, limit_s: float) -> str | None:
    """Return what a solver prints, None where it does not end in time."""
    try:
        done = subprocess.run(
            command, cwd=work, capture_output=True, text=True, errors="replace", timeout=limit_s, check=False
        )
    except subprocess.TimeoutExpired:
        return None
    except OSError as error:
        return f"it cannot be started ({error})"
    return done.stdout or f"it ended with code {done.returncode}"


def _counterexample(
    aig: Aig, pairs: Sequence[tuple[int, int]], variables: Sequence[int], said: str
) -> dict[int, bool] | None:
    """Return the printed values of the variables, checked on the graph."""
    match = _PATTERN.search(said)
    if match is None:
        return None
    bits: list[bool] = []
    for width, digits in re.findall(r"= (\d+)'h([0-9A-Fa-f]+)", match[1]):
        bits += [bool(int(digits, 16) >> k & 1) for k in range(int(width))]
    if len(bits) != len(variables):
        return None
    values = dict(zip(variables, bits, strict=True))
    words = {v >> 1: np.array([-int(bit)], dtype=np.int64).view(np.uint64) for v, bit in values.items()}
    found = aig.simulate([k for pair in pairs for k in pair], words)
    differs = any((x != y).any() for x, y in zip(found[::2], found[1::2], strict=True))
    return values if differs else None
