"""Training on after a formula was put in place of a part."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sr2hls.errors import InputError


@dataclass(frozen=True, slots=True)
class Tuned:
    """How fine-tuning went.

    Attributes:
        before: loss at the start.
        after: least loss, whose parameters the model now has.
        steps: steps made.
    """

    before: float
    after: float
    steps: int


def fine_tune(
    model: nn.Module,
    loss: Callable[[], Tensor],
    *,
    steps: int = 500,
    learning_rate: float = 3e-3,
    parameters: Iterable[nn.Parameter] | None = None,
    progress: Callable[[int, float], None] | None = None,
) -> Tuned:
    """Train a model end to end with Adam and keep the parameters of the least loss on the way.

    The loss is whatever the model is for: it may run an ODE solver, roll a simulation out or compare with
    labels. A step at which loss or gradient is not finite changes nothing but a lower rate; Ctrl-C keeps the
    best so far.

    Args:
        model: the model, e.g. with a `FormulaLayer` inside; is changed.
        loss: returns the loss as a scalar; called once a step. It may draw a batch of its own.
        steps: of Adam, whose rate decays along a cosine.
        learning_rate: of the start.
        parameters: what to train; by default everything in ``model`` that requires a gradient.
        progress: called with step and loss.

    Raises:
        InputError: there is nothing to train, or the loss is not finite at the start.
    """
    trained = [p for p in (model.parameters() if parameters is None else parameters) if p.requires_grad]
    if not trained:
        raise InputError("the model has no parameter that can be trained: nothing to fine-tune")
    optimiser = torch.optim.Adam(trained, lr=learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, max(1, steps))
    best, kept = math.inf, [p.detach().clone() for p in trained]
    first, done = math.nan, 0

    def keep(value: float) -> None:
        nonlocal best, kept
        if value < best:
            best, kept = value, [p.detach().clone() for p in trained]

    try:
        for step in range(steps):
            optimiser.zero_grad()
            value = loss()
            reached = float(value.detach())
            if step == 0:
                first = reached
                if not math.isfinite(first):
                    raise InputError(f"the loss is {first} before the first step: check formula and data")
            keep(reached)
            if progress is not None:
                progress(step, reached)
            if math.isfinite(reached):
                value.backward()  # type: ignore[no-untyped-call]
            if not all(p.grad is None or bool(torch.isfinite(p.grad).all()) for p in trained):
                optimiser.zero_grad()
            # without gradients a step changes nothing
            optimiser.step()
            schedule.step()
            done = step + 1
        with torch.no_grad():
            keep(float(loss()))
    except KeyboardInterrupt:
        pass
    finally:
        with torch.no_grad():
            for parameter, value in zip(trained, kept, strict=True):
                parameter.copy_(value)
    return Tuned(first, best, done)
