"""What a person picked in a list of deals."""

from uuid import UUID

# Enough for anyone to look through; the lists show 25 a page.
MOST_AT_ONCE = 100


def picked_deals(values: list[str]) -> dict[UUID, int]:
    """Which deals, each with the version that was looked at (`id:version`). What is not of that form is left out."""
    versions: dict[UUID, int] = {}
    for value in values[:MOST_AT_ONCE]:
        key, _sep, version = value.partition(":")
        try:
            versions[UUID(key)] = int(version)
        except ValueError:
            continue
    return versions
