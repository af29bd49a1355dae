"""One line out of another library's error."""


def reason(error: BaseException, limit: int = 200) -> str:
    """Return the first line of an error's message, cut to ``limit`` characters."""
    lines = str(error).strip().splitlines()
    return lines[0][:limit] if lines else type(error).__name__
