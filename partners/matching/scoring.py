"""How alike two companies are, from 0 to 100, and why."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from rapidfuzz.distance import DamerauLevenshtein
from rapidfuzz.fuzz import ratio

from partners.directory.domains import brand, company_domain
from partners.matching.enums import Grounds
from partners.matching.keys import initials, skeleton
from partners.matching.words import TRADE, telling_words

# From here on two companies are taken for one until a person has looked. Chosen on the labelled pairs of
# `tests/partners/matching/pairs.csv`, whose precision and recall `make bench` reports.
THRESHOLD = 84

_TRADE_WEIGHT = 0.5
_INITIAL_WEIGHT = 0.25
_SAME_WORD = 0.74
_GOES_ON = 0.86
_MOST = 99  # what is likely is never certain


@dataclass(frozen=True)
class Company:
    """A company as it is compared: the normalised name, and what else is known of it."""

    name: str
    domain: str = ""
    country: str = ""


@dataclass(frozen=True)
class Likeness:
    score: int
    grounds: Grounds

    @property
    def matches(self) -> bool:
        return self.score >= THRESHOLD


def likeness(a: Company, b: Company) -> Likeness:
    """By registrable domain, then by normalised name and country, else by how alike the names are."""
    mine, theirs = company_domain(a.domain), company_domain(b.domain)
    if mine and mine == theirs:
        return Likeness(100, Grounds.DOMAIN)
    other_country = bool(a.country and b.country and a.country != b.country)
    other_domain = bool(mine and theirs) and brand(mine) != brand(theirs)
    if a.name == b.name and not other_country and not other_domain:
        return Likeness(100, Grounds.NAME)
    country = a.country or b.country
    score = _names(a.name, b.name, "" if other_country else country)
    if other_domain:
        score -= 0.3
    if other_country:
        score -= 0.3
    return Likeness(min(_MOST, max(0, round(100 * score))), Grounds.LIKENESS)


def _names(a: str, b: str, country: str) -> float:
    if _compact(a) == _compact(b):
        return 0.98
    written = _compared(_telling(a, country, False), _telling(b, country, False))
    in_full = _compared(_telling(a, country, True), _telling(b, country, True))
    if max(written, in_full) < 0.9 and (_is_short_for(a, b) or _is_short_for(b, a)):
        return 0.9
    return max(written, in_full)


@lru_cache(maxsize=10_000)
def _telling(name: str, country: str, full: bool) -> tuple[str, ...]:
    """One company is compared with many."""
    return tuple(telling_words(name, country, full=full))


def _compared(mine: tuple[str, ...], theirs: tuple[str, ...]) -> float:
    if _numbers(mine) != _numbers(theirs):
        return 0.5
    joined, other = "".join(mine), "".join(theirs)
    if joined == other or sorted(mine) == sorted(theirs):
        return 0.98
    aligned = _aligned(mine, theirs)
    # Words that are written apart here and together there.
    whole = ratio(joined, other) / 100
    if whole >= 0.9 and min(len(joined), len(other)) >= 6 and len(mine) != len(theirs):
        aligned = max(aligned, whole)
    return aligned


def _aligned(mine: tuple[str, ...], theirs: tuple[str, ...]) -> float:
    """The share of the words' weight that finds its like on the other side, each word once."""
    pairs = sorted(
        ((word_likeness(word, other), i, j) for i, word in enumerate(mine) for j, other in enumerate(theirs)),
        reverse=True,
    )
    left_mine, left_theirs = dict(enumerate(mine)), dict(enumerate(theirs))
    found, telling = 0.0, 0
    for like, i, j in pairs:
        if like < _SAME_WORD:
            break
        if i in left_mine and j in left_theirs:
            word, other = left_mine.pop(i), left_theirs.pop(j)
            found += like * (_weight(word) + _weight(other))
            telling += like == 1 and len(word) > 1 and word not in TRADE
    share = found / sum(_weight(word) for word in (*mine, *theirs))
    if not (left_mine and left_theirs) and telling and min(len(mine), len(theirs)) >= 2:
        # One name goes on where the other stops: with a place, a department, a first name.
        share = max(share, _GOES_ON)
    return share


def word_likeness(a: str, b: str) -> float:
    """1 for the same word; less for slips of the pen, and 0 where a short word differs at all."""
    if a == b:
        return 1.0
    shorter, longer = sorted((a, b), key=len)
    if len(shorter) == 1:
        return 0.9 if longer[0] == shorter else 0.0
    if len(shorter) <= 3:
        return 0.0
    slips = DamerauLevenshtein.distance(a, b)
    if slips > (1 if len(longer) <= 6 else 2 if len(longer) <= 11 else 3):
        return 0.0
    if _sorted(a) == _sorted(b):
        cost = 0.6 * slips  # letters that changed places: a slip of the fingers
    elif skeleton(a) == skeleton(b) and _once(a) == _once(b):
        cost = 0.6 * slips  # a letter doubled or not
    else:
        cost = 1.2 * slips
    # The first letter is seldom wrong, and the last one makes another word.
    cost += 0.8 * (a[0] != b[0]) + 0.4 * (a[-1] != b[-1])
    return max(0.0, 1 - cost / len(longer))


def _weight(word: str) -> float:
    if len(word) == 1:
        return _INITIAL_WEIGHT
    return _TRADE_WEIGHT if word in TRADE else 1.0


def _numbers(words: tuple[str, ...]) -> list[str]:
    return sorted(word for word in words if word.isdigit())


def _compact(name: str) -> str:
    return name.replace(" ", "")


def _sorted(word: str) -> str:
    return "".join(sorted(word))


def _once(word: str) -> str:
    return "".join(letter for letter, _same in groupby(word))


def _is_short_for(short: str, name: str) -> bool:
    """ "IBM" for "International Business Machines", "TU Delft" for "Technische Universiteit Delft"."""
    words, others = short.split(), name.split()
    rest = words[1:]
    if rest and (len(rest) >= len(others) or others[-len(rest) :] != rest):
        return False
    head = others[: -len(rest)] if rest else others
    # Two letters alone would fit too many names.
    return len(words[0]) >= (2 if rest else 3) and len(head) >= 2 and words[0] in initials(head)
