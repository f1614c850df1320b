"""Text, cut into the words by which it is found: without case, accents and punctuation."""

import re
import unicodedata

LENGTH = 40
MOST_WORDS = 24
# Letters that Unicode does not take apart into a base letter and an accent.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
_NOT_WORD = re.compile(r"[\W_]+")


def words_of(text: str) -> list[str]:
    """The words in order, each once."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS))
    bare = "".join(character for character in plain if not unicodedata.combining(character))
    words = (word[:LENGTH] for word in _NOT_WORD.split(bare) if word)
    return list(dict.fromkeys(words))[:MOST_WORDS]
