"""Companies' names and domains, brought to the form in which they are compared."""

import re
import unicodedata

from cleanco import basename

# Letters that Unicode does not take apart into a base letter and an accent.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
_LEADING_FORMS = re.compile(r"^(?:ab|pt|ooo|zao|oao|pao|sp)\s+(?=\S)")
_TRAILING_AND = re.compile(r"\s*(?:&|\+|\b(?:and|und|et|en))\s*$")
_NOT_WORD = re.compile(r"[\W_]+")
_DOMAIN = re.compile(r"^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$")


def normalise_name(name: str) -> str:
    """The name without legal form, case, accents and punctuation; equal names are taken for one company.

    A name that is nothing but a legal form ("Limited") keeps it, so that only an empty name gives "".
    """
    plain = _plain(name)
    bare, before = _unaccented(name), ""
    while bare != before:  # "GmbH & Co. KG" comes off one form at a time
        before, bare = bare, _TRAILING_AND.sub("", basename(bare))
    return _LEADING_FORMS.sub("", _plain(bare)) or plain


def normalise_domain(text: str) -> str:
    """The host of a web or e-mail address in lower case, without `www.`; "" when there is none."""
    host = text.strip().lower()
    host = re.sub(r"^[a-z][a-z0-9+.-]*://", "", host)
    host = re.split(r"[/?#]", host, maxsplit=1)[0]
    host = host.rpartition("@")[2].partition(":")[0].rstrip(".").removeprefix("www.")
    try:
        host = host.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    return host if _DOMAIN.match(host) else ""


def _unaccented(text: str) -> str:
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS))
    return "".join(character for character in parts if not unicodedata.combining(character))


def _plain(text: str) -> str:
    return _NOT_WORD.sub(" ", _unaccented(text).replace("&", " and ")).strip()
