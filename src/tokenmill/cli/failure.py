"""What ends the command with one line on stderr."""


class CommandError(Exception):
    """The command cannot do what it was asked; the message says why in one line."""
