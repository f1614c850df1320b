"""Who may open which address under a tenant, and the thing whose key it takes: a table a floor."""

from tests.sweeps.access import incentives, metrics, partners, portal
from tests.sweeps.access.partners import NEEDS_MORE
from tests.sweeps.access.who import PARTNER, PUBLIC

__all__ = ["FLOORS", "NEEDS_MORE", "OWN", "PARTNER", "PUBLIC", "ROUTES"]

FLOORS = (portal, partners, metrics, incentives)
# What is behind each address: who may open it, and the thing whose key it takes. Things that belong to a partner
# are tried with another partner's as well.
ROUTES = {name: access for floor in FLOORS for name, access in floor.ROUTES.items()}
# Things of which each partner has its own.
OWN = frozenset[str]().union(*(floor.OWN for floor in FLOORS))
