"""How a bad scenario file is refused."""

from ..serving.refusal import FileError, describe, join, nearest, one_of, shown

__all__ = ["ScenarioError", "describe", "join", "nearest", "one_of", "shown"]


class ScenarioError(FileError):
    """A scenario file that cannot be used."""
