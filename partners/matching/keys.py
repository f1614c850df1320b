"""The search keys of a company: equal keys bring two companies onto the shortlist that is then scored.

- `d:` the registrable domain, `n:` the whole name without blanks;
- of each of the first words that tell something: `p:` its beginning, `s:` its first letter and its end, `k:` its
  consonants. A slip of the pen spoils one end of a word and leaves the other; slips in vowels or in the order
  leave the consonants;
- `a:` the initials of names of three words or more, and short names that may be initials.
"""

import re

from partners.directory.domains import company_domain
from partners.matching.words import PARTICLES, TRADE, telling_words

WORDS = 3
ENDS = 4
LENGTH = 40
_VOWELS = re.compile(r"[aeiouyhw]+")
_SOUNDS = (("ph", "f"), ("ck", "k"), ("qu", "k"), ("x", "ks"), ("c", "k"), ("z", "s"), ("v", "f"))


def keys_of(normalised_name: str, domain: str = "", country: str = "") -> set[str]:
    """All keys of a company; there is always one."""
    compact = normalised_name.replace(" ", "")
    keys = {f"n:{compact}"}
    company = company_domain(domain)
    if company:
        keys.add(f"d:{company}")
    words = telling_words(normalised_name, country)
    # Trades make long lists: they lead to a company only where its name has nothing else.
    telling = [word for word in words if word not in TRADE] or words
    for word in telling[:WORDS]:
        keys |= _word_keys(word)
    keys |= _word_keys("".join(telling)) if len(telling) > 1 else set()
    keys |= _initials(normalised_name)
    return {key[:LENGTH] for key in keys}


def _word_keys(word: str) -> set[str]:
    if len(word) < ENDS:
        return {f"p:{word}"}
    # Ends alone are shared by too many; the first letter is seldom wrong.
    return {f"p:{word[:ENDS]}", f"s:{word[0]}{word[-ENDS:]}", f"k:{skeleton(word)}"}


def skeleton(word: str) -> str:
    """The first letter and the other consonants as they sound, in the order of the alphabet, each once."""
    for written, heard in _SOUNDS:
        word = word.replace(written, heard)
    return word[:1] + "".join(sorted(set(_VOWELS.sub("", word[1:]))))


def _initials(normalised_name: str) -> set[str]:
    words = normalised_name.split()
    if len(words) == 1 and 3 <= len(words[0]) <= 5:
        return {f"a:{words[0]}"}
    return {f"a:{letters}" for letters in initials(words) if len(letters) >= 3}


def initials(words: list[str]) -> set[str]:
    """With the small words and without them."""
    return {
        "".join(word[0] for word in words),
        "".join(word[0] for word in words if word not in PARTICLES),
    }
