"""Why a tool of AMD's failed, in one sentence, from what it printed."""

import re
import signal

_CAUSES: tuple[tuple[str, str], ...] = (
    (
        r"\[Common 17-345\]|valid licen[sc]e was not found|Could not obtain the necessary licen[sc]e"
        r"|Licen[sc]e check-?out failed|Failed to get the licen[sc]e|no such feature exists",
        "has no licence for this: set XILINXD_LICENSE_FILE to a licence that covers the tool and the part",
    ),
    (
        r"Specified part could not be found|[Pp]art '[^']*' (?:is not installed|not found)|\[Coretcl 2-106\]"
        r"|\[HLS 200-1023\]|Invalid part|No parts? matched",
        "does not have the part: install the device family or give another part",
    ),
    (r"No space left on device", "ran out of disk space"),
    (r"bad_alloc|[Oo]ut of memory|Cannot allocate memory", "ran out of memory"),
    (
        r"Abnormal program termination|[Ss]egmentation fault|hs_err_pid|SIGSEGV|core dumped",
        "crashed",
    ),
    (r"command not found|No such file or directory\s*$", "was not found"),
)


def diagnose(text: str, returncode: int) -> str:
    """Return what went wrong, as the end of a sentence that begins with the tool's name.

    Args:
        text: everything that the tool printed.
        returncode: its exit code; negative where a signal ended it.
    """
    for pattern, cause in _CAUSES:
        if found := re.search(pattern, text, re.MULTILINE):
            return f"{cause} ({_line_of(text, found.start())})"
    if returncode < 0:
        name = signal.Signals(-returncode).name if -returncode in set(signal.Signals) else str(-returncode)
        return f"was ended by {name}"
    errors = [line.strip() for line in text.splitlines() if line.lstrip().startswith(("ERROR", "@E "))]
    if errors:
        return f"failed: {_short(errors[0])}"
    return f"failed with exit code {returncode}"


def _line_of(text: str, position: int) -> str:
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    return _short(text[start : end if end >= 0 else len(text)].strip())


def _short(line: str) -> str:
    return line if len(line) <= 200 else line[:197] + "..."
