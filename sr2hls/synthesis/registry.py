"""The synthesis tools, by name. A new tool is one file and one line here."""

from sr2hls.errors import InputError
from sr2hls.synthesis.base import SynthesisTool
from sr2hls.synthesis.ecp5 import Ecp5
from sr2hls.synthesis.yosys import Yosys

TOOLS: dict[str, SynthesisTool] = {tool.name: tool for tool in (Yosys(), Ecp5())}


def tool_named(name: str) -> SynthesisTool:
    """Return a tool.

    Raises:
        InputError: there is none of that name.
    """
    try:
        return TOOLS[name]
    except KeyError:
        raise InputError(
            f"no synthesis tool is called '{name}': there are {', '.join(sorted(TOOLS))}"
        ) from None
