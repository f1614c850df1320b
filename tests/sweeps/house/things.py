"""What can be named by an address: its key, by what it is called here."""

from uuid import UUID

Things = dict[str, UUID | str]
