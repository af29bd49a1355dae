"""LaTeX to MathML that a browser shows without any library, safe whatever the LaTeX holds."""

import html
import re
from xml.etree import ElementTree

from latex2mathml.converter import convert

from sr2hls.report.latex import TEXT, unescape

_NAMESPACE = "http://www.w3.org/1998/Math/MathML"
# MathML Core elements that formulas need, and the attributes that do no more than place them.
_ELEMENTS = frozenset((
    "math", "mrow", "mi", "mo", "mn", "mtext", "mspace", "mfrac", "msqrt", "mroot", "msup", "msub", "msubsup",
    "mover", "munder", "munderover", "mtable", "mtr", "mtd", "mstyle", "mpadded", "mphantom",
))  # fmt: skip
_ATTRIBUTES = frozenset((
    "display", "stretchy", "fence", "form", "separator", "width", "height", "depth", "columnalign",
    "mathvariant", "linethickness", "lspace", "rspace", "minsize", "maxsize", "accent", "displaystyle",
    "scriptlevel",
))  # fmt: skip
_MARK = "\ue000"
_MARKED = re.compile(rf"{_MARK}(\d+){_MARK}")


def mathml(latex: str, *, continues: bool = False) -> str:
    """Return LaTeX as MathML; what cannot be converted comes back as escaped source in ``<code>``.

    Args:
        latex: formula.
        continues: whether it goes on with a sum that began elsewhere: its sign is set as between two terms.
    """
    texts: list[str] = []

    def hide(found: re.Match[str]) -> str:
        texts.append(unescape(found.group(1)))
        return rf"\text{{{_MARK}{len(texts) - 1}{_MARK}}}"

    hidden = TEXT.sub(hide, latex.replace(_MARK, ""))
    try:
        root = ElementTree.fromstring(convert(hidden, display="inline"))
    except Exception:  # the library raises what it likes on what it does not know
        return f"<code>{html.escape(latex)}</code>"
    ElementTree.register_namespace("", _NAMESPACE)
    _clean(root, texts)
    first = next((e for e in root.iter() if not len(e)), None)
    if continues and first is not None:
        first.set("form", "infix")
    return ElementTree.tostring(root, encoding="unicode")


def terms(latex: str) -> list[str]:
    """Split a sum at its outermost plus and minus signs, so that a long one can wrap between its terms."""
    found, depth, start = [], 0, 0
    for part in re.finditer(r"\\left\S|\\right\S|\\begin|\\end|\\.|[{}()]| [+-] ", latex):
        token = part.group()
        if token.startswith(("\\left", "\\begin")) or token in "{(":
            depth += 1
        elif token.startswith(("\\right", "\\end")) or token in "})":
            depth -= 1
        elif depth == 0 and token in (" + ", " - "):
            found.append(latex[start : part.start()])
            start = part.start() + 1
    return [*found, latex[start:]]


def _clean(element: ElementTree.Element, texts: list[str]) -> None:
    """Drop elements and attributes that formulas do not need, and put the names back."""
    for name in [n for n in element.attrib if n not in _ATTRIBUTES]:
        del element.attrib[name]
    for child in list(element):
        if child.tag.removeprefix(f"{{{_NAMESPACE}}}") not in _ELEMENTS:
            element.remove(child)
        else:
            _clean(child, texts)
    if element.text and (found := _MARKED.fullmatch(element.text)):
        element.text = texts[int(found.group(1))]
