"""The projection: the chain as tables in DuckDB, derived from blocks alone, rebuildable.

`Projection` writes (one writer), `Queries` reads (many readers, beside the writer).
"""

from tallystick.projection.budgets import Budget
from tallystick.projection.errors import ProjectionDisagrees, ProjectionUnreadable, UnknownKey
from tallystick.projection.projection import Projection
from tallystick.projection.queries import LISTS, Queries

__all__ = [
    "LISTS",
    "Budget",
    "Projection",
    "ProjectionDisagrees",
    "ProjectionUnreadable",
    "Queries",
    "UnknownKey",
]
