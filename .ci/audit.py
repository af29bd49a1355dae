"""Known vulnerabilities in the pinned dependencies, by pip-audit; says plainly what could not be looked up.

    python .ci/audit.py [--strict]

Exit code 1 if a pinned version has a known vulnerability, or (always checked, without a network) if a
dependency is not pinned in constraints.txt. pip-audit alone passes packages that its database does not know;
here they are counted, and with ``--strict`` they fail the audit too.
"""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONSTRAINTS = ROOT / "constraints.txt"
WAIT_S = 300


def _name(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\s\[<>=!~;@]", requirement.strip(), maxsplit=1)[0]).lower()


def unpinned() -> list[str]:
    """Return dependencies of pyproject.toml, extras included, that constraints.txt does not pin."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *(d for e in project["optional-dependencies"].values() for d in e)]
    lines = CONSTRAINTS.read_text(encoding="utf-8").splitlines()
    pinned = {_name(line) for line in lines if "==" in line and not line.startswith("#")}
    return sorted({_name(w) for w in wanted} - pinned - {"sr2hls"})


def looked_up() -> tuple[dict[str, list[str]], int, str]:
    """Return the vulnerable packages with their advisories, how many were looked up, and what went wrong."""
    tool = Path(sys.executable).with_name("pip-audit")
    found = str(tool) if tool.is_file() else shutil.which("pip-audit")
    if found is None:
        return {}, 0, "pip-audit is not installed (pip install pip-audit)"
    command = [
        found,
        "-r",
        str(CONSTRAINTS),
        "--no-deps",
        "--disable-pip",
        "-f",
        "json",
        "--progress-spinner=off",
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=WAIT_S, check=False)
        packages = json.loads(done.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        return {}, 0, f"pip-audit gave no answer within {WAIT_S} s"
    except (ValueError, KeyError, TypeError):
        last = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        return {}, 0, f"pip-audit failed: {last[0]}"
    known = [p for p in packages if "skip_reason" not in p]
    bad = {f"{p['name']} {p['version']}": [v["id"] for v in p["vulns"]] for p in known if p["vulns"]}
    skipped = len(packages) - len(known)
    return bad, len(known), f"its database did not answer for {skipped} packages" if skipped else ""


def main() -> int:
    """Audit, print, and return the exit code."""
    missing = unpinned()
    if missing:
        print(f"audit: not pinned in constraints.txt: {', '.join(missing)}")
    bad, count, trouble = looked_up()
    for package, advisories in bad.items():
        print(f"audit: {package} is vulnerable: {', '.join(advisories)}")
    print(f"audit: {count} pinned packages looked up, {len(bad)} with known vulnerabilities")
    if trouble:
        print(f"audit: NOT COMPLETE, nothing is known about the rest: {trouble}")
    return 1 if missing or bad or (trouble and "--strict" in sys.argv) else 0


if __name__ == "__main__":
    sys.exit(main())
