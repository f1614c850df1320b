"""What texts have in common, in English and Dutch."""

from partners.surveys.themes import stem, themes, words_of


def test_words_are_compared_without_their_plural_and_small_words_do_not_count() -> None:
    assert [stem(word) for word in ("deliveries", "prices", "facturen", "business", "boxes")] == [
        "delivery",
        "price",
        "factur",
        "business",
        "box",
    ]
    assert set(words_of("The delivery was not very fast, and the DELIVERIES were late")) == {
        "delivery",
        "fast",
        "late",
    }
    assert set(words_of("De levering was niet op tijd en de support is traag")) == {
        "levering",
        "tijd",
        "support",
        "traag",
    }


def test_a_theme_is_a_word_of_several_texts_the_most_frequent_first() -> None:
    texts = ["Slow support", "Support is slow", "Supports nothing", "Nice people"]
    assert [(theme.name, theme.texts) for theme in themes(texts, {})] == [
        ("support", [0, 1, 2]),
        ("slow", [0, 1]),
    ]


def test_named_themes_take_their_words_in_and_count_a_text_once() -> None:
    texts = ["price and costs", "expensive", "cost"]
    found = themes(texts, {"Money": ["price", "cost", "expensive"]})
    assert [(theme.name, theme.texts, theme.named) for theme in found] == [("Money", [0, 1, 2], True)]


def test_a_named_theme_is_called_as_the_admin_says_even_like_a_word() -> None:
    assert themes(["Fast"], {"fast": ["quick", "fast"]})[0].name == "fast"
