"""Countries in the reader's language."""

from functools import lru_cache

from babel.core import Locale


@lru_cache(maxsize=16)
def countries(language: str) -> list[tuple[str, str]]:
    """(ISO 3166 code, name) of every country, by name."""
    names = Locale.parse(language, sep="-").territories
    found = [
        (code, name)
        for code, name in names.items()
        if len(code) == 2 and code.isalpha() and code not in _NONE
    ]
    return sorted(found, key=lambda country: country[1])


_NONE = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})
