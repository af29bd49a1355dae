"""What a design is judged by: accuracy, AUC, efficiency at a rate, R² or absolute error."""

from sr2hls.objectives.objective import RARE, Objective, parse_objective, rare_objective
from sr2hls.objectives.r2 import of_their_size, r2, variances

__all__ = ["RARE", "Objective", "of_their_size", "parse_objective", "r2", "rare_objective", "variances"]
