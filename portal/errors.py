"""What an action says when it will not do what was asked."""

from django.utils.functional import Promise


class ActionRefused(Exception):
    """A rule of the programme forbids the action now. `message` is for the person who asked."""

    def __init__(self, message: str | Promise, *, field: str | None = None, code: str = "refused"):
        super().__init__(str(message))
        self.message = message
        self.field = field
        self.code = code
