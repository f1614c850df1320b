"""What figures are counted in, and what a change of them means."""

from enum import StrEnum


class Unit(StrEnum):
    MONEY = "money"  # minor units of the tenant's currency
    PERCENT = "%"  # a fraction
    COUNT = "count"
    DAYS = "days"
    HOURS = "hours"
    RATIO = "ratio"
    POINTS = "points"
    SCORE = "score"  # 0..100


UP, DOWN = "up", "down"
LEAD, LAG = "lead", "lag"
