"""LUT networks of one size: what makes them, here or side by side with those of other sizes."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from sr2hls.lut_network import LutNetwork, Samples
from sr2hls.lut_network.designs import LutNetworkOptions, designs_of, grown
from sr2hls.options import Tables
from sr2hls.problem import Problem
from sr2hls.search.apart import Send, messages_apart
from sr2hls.store.record import Record


class GrownNetwork(Record):
    """What ``stages/lut-network-*.json`` hold; see `sr2hls.lut_network.grow_and_prune.Grown`."""

    format: Literal["sr2hls-stage-lut-network-1"] = "sr2hls-stage-lut-network-1"
    network: dict[str, Any] | None
    smallest: int
    ended: bool


class NetworkDesigns(Record):
    """What ``stages/lut-network-*-designs.json`` hold."""

    format: Literal["sr2hls-stage-lut-network-designs-1"] = "sr2hls-stage-lut-network-designs-1"
    designs: list[dict[str, Any]]


Found = TypeVar("Found", GrownNetwork, NetworkDesigns)
Tell = Callable[[str], None]
"""Takes a line about how far the work is."""


@dataclass(frozen=True)
class SizeWork:
    """Grows a LUT network and makes its designs.

    Attributes:
        problem: what it copies.
        samples: what it is trained on.
        how: rows, sweeps and rounds.
        tables: which designs are wanted.
        seed: of every random choice.
        size: most LUTs.
        time_s: most seconds for the growth, and for the formulas; ``None``: no limit.
    """

    problem: Problem
    samples: Samples
    how: LutNetworkOptions
    tables: tuple[Tables, ...]
    seed: int
    size: int
    time_s: float | None

    def grown(self, tell: Callable[[int, float], None]) -> GrownNetwork:
        """Grow the network; ``tell`` gets its LUTs and its loss now and then."""
        end = self._end()

        def go_on(luts: int, loss: float) -> bool:
            tell(luts, loss)
            return end is None or time.monotonic() < end

        found = grown(self.problem, self.samples, self.how, self.size, self.seed, go_on)
        network = None if found.network is None else found.network.to_json()
        return GrownNetwork(network=network, smallest=found.smallest, ended=found.ended)

    def designs(self, network: LutNetwork, tell: Tell) -> NetworkDesigns:
        """Make the network's designs."""
        found = designs_of(
            self.problem, network, self.samples, self.how, self.tables, self.seed, self._end(), tell
        )
        return NetworkDesigns(designs=[d.to_json() for d in found])

    def _end(self) -> float | None:
        return None if self.time_s is None else time.monotonic() + self.time_s


class SizesApart:
    """The work of several sizes in processes of their own.

    Args:
        works: of each size, in the order in which they begin.
        jobs: processes at a time.
    """

    def __init__(self, works: Sequence[SizeWork], jobs: int) -> None:
        self._sizes = [work.size for work in works]
        self._messages = messages_apart(_send, [(work,) for work in works], jobs)
        self._found: dict[tuple[int, type[Record]], Record] = {}

    def __contains__(self, size: int) -> bool:
        return size in self._sizes

    def wait(self, size: int, kind: type[Found], tell: Tell) -> Found:
        """Return a record of a size as soon as it is there."""
        while (size, kind) not in self._found:
            number, message = next(self._messages)
            if isinstance(message, Record):
                self._found[self._sizes[number], type(message)] = message
            else:
                tell(f"{self._sizes[number]} LUT: {message}")
        found = self._found.pop((size, kind))
        assert isinstance(found, kind)
        return found

    def close(self) -> None:
        """End the processes."""
        self._messages.close()


def _send(send: Send, work: SizeWork) -> None:
    kept = work.grown(lambda luts, loss: send(f"{luts} so far, loss {loss:.4f}"))
    send(kept)
    if kept.network is not None:
        send(work.designs(LutNetwork.from_json(kept.network), send))
