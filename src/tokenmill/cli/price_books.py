"""Price books of a command line: what a file is, by its shape, and the book in it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..accounting.book import PriceBook
from ..accounting.genai_prices import read_genai_prices
from ..accounting.imported import Import, read_json
from ..accounting.litellm import read_litellm
from .failure import CommandError


@dataclass(frozen=True)
class BookFile:
    """A book, where it came from, and which form it had there."""

    path: str
    form: str
    book: PriceBook

    @property
    def title(self) -> str:
        """The book in a few words."""
        models = f"{len(self.book.models):,} model{'' if len(self.book.models) == 1 else 's'}"
        named = " ".join(filter(None, (self.book.name, self.book.version)))
        return f"{self.path} ({self.form}: {', '.join(filter(None, (named, models)))})"


def read_book(option: str, path: str) -> BookFile:
    """Read a price book: tokenmill's own, or a list of LiteLLM or genai-prices.

    What an importer changed or left out is counted on stderr.

    Raises
    ------
    CommandError
        The file cannot be read, is none of the three, or is wrong.
    """
    try:
        return _read(path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CommandError(f"{option} {path}: {reason}") from None
    except (TypeError, ValueError) as error:
        text = str(error).removeprefix(f"{path}: ")
        raise CommandError(f"{option} {path}: {text}") from None


def _read(path: str) -> BookFile:
    if Path(path).suffix.lower() == ".toml":
        return BookFile(path, "tokenmill's format", PriceBook.read(path))
    content = read_json(path, "file")
    if isinstance(content, Mapping):
        if isinstance(content.get("models"), list):
            return BookFile(path, "tokenmill's format", PriceBook.read(path))
        if any(isinstance(v, Mapping) and "litellm_provider" in v for v in content.values()):
            return _imported(path, "LiteLLM's list", read_litellm(content))
    elif isinstance(content, Sequence) and _are_providers(content):
        return _imported(path, "genai-prices' list", read_genai_prices(content))
    raise ValueError(
        "expected a price book of tokenmill, LiteLLM's list of models or genai-prices' list of "
        "providers, found another file"
    )


def _are_providers(content: Sequence[object]) -> bool:
    return any(isinstance(one, Mapping) and {"id", "models"} <= one.keys() for one in content)


def _imported(path: str, form: str, found: Import) -> BookFile:
    notes = []
    if found.repairs:
        notes.append(f"{len(found.repairs):,} prices were rounded to 15 significant digits")
    if found.ignored:
        models = len({one.model for one in found.ignored})
        notes.append(f"{len(found.ignored):,} fields of {models:,} models were left out")
    if notes:
        print(f"tokenmill: note: {path}: {'; '.join(notes)}", file=sys.stderr)
    return BookFile(path, form, found.book)
