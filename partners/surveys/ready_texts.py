"""The words of the ready-made surveys. They are kept in English and read in the language of whoever looks."""

from django.utils.translation import gettext, gettext_noop

NPS = gettext_noop("How likely are you to recommend us to a friend or colleague?")
NPS_LOW = gettext_noop("not at all likely")
NPS_HIGH = gettext_noop("extremely likely")
WHY = gettext_noop("What is the main reason for your answer?")
BETTER = gettext_noop("What should we do better?")
CSAT = gettext_noop("How satisfied are you with what you got?")
DISSATISFIED = gettext_noop("very dissatisfied")
SATISFIED = gettext_noop("very satisfied")
WISH = gettext_noop("Is there anything else that you would like to tell us?")
TOGETHER = gettext_noop("How satisfied are you with working with us?")
RESPONSE = gettext_noop("How quickly you get an answer")
SUPPORT = gettext_noop("How well our support helps you")
COMMUNICATION = gettext_noop("How easy it is to communicate with us")
CHANGE = gettext_noop("What one thing would help you most?")
ALIGNED = gettext_noop("How much do you agree?")
DISAGREE = gettext_noop("do not agree at all")
AGREE = gettext_noop("agree completely")
INNOVATION = gettext_noop("We develop new offers together")
PROJECTS = gettext_noop("We win and run projects together")
INITIATIVES = gettext_noop("Our plans for the next years fit together")
BRAND = gettext_noop("Our brands strengthen each other")
NEXT = gettext_noop("What should we do together next?")

READY = frozenset(value for name, value in list(globals().items()) if name.isupper())


def translated(text: str) -> str:
    """The text in the reader's language where it is one of the portal's own, else as it was written."""
    return gettext(text) if text in READY else text
