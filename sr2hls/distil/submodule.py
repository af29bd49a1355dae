"""Submodules of a torch model by name."""

import difflib

from torch import nn

from sr2hls.errors import InputError


def submodule(model: nn.Module, name: str) -> nn.Module:
    """Return the submodule of a dotted name, as in ``model.named_modules()``; an empty name is the model.

    Raises:
        InputError: there is none of that name.
    """
    known: dict[str, nn.Module] = dict(model.named_modules(remove_duplicate=False))
    if name not in known:
        names = [n for n in known if n]
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"it has {', '.join(names[:12]) or 'none at all'}"
        raise InputError(f"the model has no submodule '{name}': {hint}")
    return known[name]


def replace_submodule(model: nn.Module, name: str, new: nn.Module) -> nn.Module:
    """Put a module in the place of another one, wherever the model holds that; return the old one.

    Args:
        model: is changed.
        name: dotted name of the module to replace.
        new: what takes its place; it is called with the same arguments.

    Raises:
        InputError: there is no such submodule, or the name is that of the model itself.
    """
    if not name:
        raise InputError("the whole model cannot be replaced inside of itself: name one of its submodules")
    old = submodule(model, name)
    places = [n for n, m in model.named_modules(remove_duplicate=False) if m is old]
    for place in places:
        model.set_submodule(place, new)
    return old
