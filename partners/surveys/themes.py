"""What text answers have in common: words that occur in several of them, counted and nothing more.

Words are compared without their ending, so that "delivery" and "deliveries" are one; words that say nothing by
themselves (in English and Dutch) do not count. An admin gives groups of words a name; what has none stands by itself.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

MOST_THEMES = 12
FEWEST_TEXTS = 2

_ENGLISH = """a about above after again all also always am an and any are as at be because been before being below
between both but by can cannot could did do does doing done down during each even ever every few for from further get
gets getting give given go goes good got great had has have having he her here hers him his how i if in into is it its
itself just less like lot made make makes many may me might more most much must my need needed never new no nor not
nothing now of off often on once one only or other our ours out over own per please quite rather really same say see
she should since so some something still such take than that the their theirs them then there these they thing things
this those though through time to too two under until up us use used very want was way we well were what when where
which while who whom why will with within without would yes yet you your yours would've it's i'm we're don't didn't
doesn't isn't wasn't can't won't hard easy better best bit"""
_DUTCH = """aan al alle alles als altijd ben beter bij bijna bijvoorbeeld blij boven dan dat de der deze die dit doch
doen door dus echt een eens en enige er erg even gaan gaat geen geweest goed goede graag had hadden heb hebben heeft
heel hem het hier hij hoe hun iemand iets ik in is ja je jij jou jouw jullie kan kon kunnen lang maar maken me meer
men met mij mijn minder moet moeten na naar niet niets nog nu of om omdat onder ons onze ook op over per prima soms
staan steeds te tegen ten terwijl toch toen tot u uit uw van vaak veel voor waar waarom wanneer want waren was wat we
weer wel werd wie wij wil willen word worden wordt zal ze zeer zelf zich zij zijn zo zoals zonder zou zouden"""
STOP_WORDS = frozenset(f"{_ENGLISH} {_DUTCH}".split())
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
# Endings of English and Dutch plurals, the longest first, and what stands for them.
_ENDINGS = (("ies", "y"), ("sses", "ss"), ("ches", "ch"), ("shes", "sh"), ("xes", "x"))


def stem(word: str) -> str:
    """A word without the ending of its plural."""
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) >= len(ending) + 2:
            return word[: -len(ending)] + instead
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 4:
        return word[:-1].rstrip("'’")
    if word.endswith("en") and len(word) > 6:
        return word[:-2]
    return word


def words_of(text: str) -> dict[str, str]:
    """What a text is about: its words by their stem."""
    found: dict[str, str] = {}
    for word in _WORD.findall(text.lower()):
        if len(word) > 2 and word not in STOP_WORDS:
            key = stem(word)
            if key not in STOP_WORDS:
                found.setdefault(key, word)
    return found


@dataclass
class Found:
    """A theme: its name, the words that make it, and the places of the texts it occurs in."""

    name: str
    terms: list[str]
    texts: list[int] = field(default_factory=list)
    named: bool = False

    @property
    def count(self) -> int:
        return len(self.texts)


def themes(texts: Sequence[str], named: Mapping[str, Iterable[str]]) -> list[Found]:
    """The themes of the texts, the most frequent first. `named` has the words (stems) of each name an admin gave."""
    theme_of = {stem(term): name for name, terms in named.items() for term in terms}
    places: dict[str, list[int]] = defaultdict(list)
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    terms: dict[str, set[str]] = defaultdict(set)
    for place, text in enumerate(texts):
        for key, word in words_of(text).items():
            name = theme_of.get(key, key)
            spellings[key][word] += 1
            terms[name].add(key)
            if not places[name] or places[name][-1] != place:
                places[name].append(place)
    found = []
    for name, where in places.items():
        is_named = name in named
        if is_named or len(where) >= FEWEST_TEXTS:
            label = name if is_named else spellings[name].most_common(1)[0][0]
            found.append(Found(label, sorted(terms[name]), where, is_named))
    return sorted(found, key=lambda theme: (-theme.count, theme.name))[:MOST_THEMES]
