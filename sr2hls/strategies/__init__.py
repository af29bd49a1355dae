"""Ways to find designs, one file each, behind one protocol: `Strategy.propose(problem, sizes)`.

A new one is a file with a class that follows `sr2hls.strategies.base.Strategy`, its name in
`sr2hls.options.StrategyName`, and its line in `STRATEGIES`.
"""

from collections.abc import Callable, Mapping

from sr2hls.options import StrategyName
from sr2hls.strategies.additive import Additive
from sr2hls.strategies.base import Context, Plan, Stages, Strategy, Unkept
from sr2hls.strategies.fronts import Fronts
from sr2hls.strategies.lut_network import LutNetworks
from sr2hls.strategies.readable import Readable

__all__ = ["STRATEGIES", "Context", "Plan", "Stages", "Strategy", "Unkept"]

STRATEGIES: Mapping[StrategyName, Callable[[Context], Strategy]] = {
    StrategyName.READABLE: Readable,
    StrategyName.FRONTS: Fronts,
    StrategyName.ADDITIVE: Additive,
    StrategyName.LUT_NETWORK: LutNetworks,
}
