"""What ends the command with one line on stderr."""

EXIT_ERROR = 2


class CommandError(Exception):
    """The command cannot do what it was asked; the message says why in one line."""

    def __init__(self, message: str, status: int = EXIT_ERROR) -> None:
        super().__init__(message)
        self.status = status
