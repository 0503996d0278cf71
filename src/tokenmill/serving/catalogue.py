"""The catalogue of serving data: embedded, dated and graded, and overridden by a user's file."""

from __future__ import annotations

import functools
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from types import MappingProxyType
from typing import TypeVar

from .accelerator import Accelerator
from .catalogue_file import Sections, read_sections
from .entries import (
    ApiPrice,
    ChipBill,
    ChipFigure,
    DraftAcceptance,
    ExpertCommunication,
    Region,
    RequestLengths,
)
from .prior import Prior
from .refusal import CatalogueError, nearest, shown
from .shape import ModelShape
from .toml_file import read_bounded
from .values import Entry, UnverifiedWarning

T = TypeVar("T", bound=Entry)

# The kinds of entry by their table in a file.
KINDS: dict[str, type[Entry]] = {
    "accelerators": Accelerator,
    "models": ModelShape,
    "api_prices": ApiPrice,
    "ep_communication": ExpertCommunication,
    "chip_bills": ChipBill,
    "chip_figures": ChipFigure,
    "drafts": DraftAcceptance,
    "priors": Prior,
    "regions": Region,
    "workloads": RequestLengths,
}
_FILES = (
    "accelerators.toml",
    "models.toml",
    "api_prices.toml",
    "ep_communication.toml",
    "chips.toml",
    "drafts.toml",
    "priors.toml",
    "regions.toml",
    "workloads.toml",
)


@dataclass(frozen=True)
class Catalogue:
    """Everything that is known about serving: a mapping of name to entry for each kind.

    Attributes
    ----------
    accelerators, models, api_prices, ep_communication : mapping
    chip_bills, chip_figures, drafts, priors, regions, workloads : mapping
    """

    accelerators: Mapping[str, Accelerator]
    models: Mapping[str, ModelShape]
    api_prices: Mapping[str, ApiPrice]
    ep_communication: Mapping[str, ExpertCommunication]
    chip_bills: Mapping[str, ChipBill]
    chip_figures: Mapping[str, ChipFigure]
    drafts: Mapping[str, DraftAcceptance]
    priors: Mapping[str, Prior]
    regions: Mapping[str, Region]
    workloads: Mapping[str, RequestLengths]
    _keys: Mapping[str, Mapping[str, str]] = field(repr=False, compare=False)

    def accelerator(self, which: str | Accelerator) -> Accelerator:
        """Return an accelerator; see :func:`tokenmill.serving.accelerator`."""
        return self._find(Accelerator, "accelerator", which)

    def model(self, which: str | ModelShape) -> ModelShape:
        """Return the shape of a model; see :func:`tokenmill.serving.model`."""
        return self._find(ModelShape, "model", which)

    def find(self, kind: type[T], which: str | T) -> T:
        """Return an entry of any kind.

        Parameters
        ----------
        kind : type
            Such as :class:`Region` or :class:`Prior`.
        which : str or entry
            A name or an alias; capitals and punctuation do not count. An entry comes back.

        Warns
        -----
        UnverifiedWarning
            A field of it has grade D; the warning names both.

        Raises
        ------
        ValueError
            There is none of that name; the message has the nearest.
        TypeError
            `which` is something else.
        """
        return self._find(kind, "which", which)

    def _find(self, kind: type[T], argument: str, which: str | T) -> T:
        if not isinstance(which, str | kind):
            found = type(which).__name__
            raise TypeError(f"{argument}: expected str or {kind.__name__}, found {found}")
        entry = self._named(kind, argument, which) if isinstance(which, str) else which
        if entry.unverified:
            listed = ", ".join(entry.unverified)
            text = f"{kind.__name__} {entry.name}: unverified (grade D): {listed}"
            # The caller of the public function in front of this one.
            warnings.warn(text, UnverifiedWarning, stacklevel=3)
        return entry

    def _named(self, kind: type[T], argument: str, which: str) -> T:
        section = next(name for name, one in KINDS.items() if one is kind)
        keys, entries = self._keys[section], getattr(self, section)
        name = keys.get(_plain(which)) or keys.get(_plain(which.rpartition("/")[2]))
        if name is None:
            hint = nearest(which, entries) or f"; known are {', '.join(entries)}"
            found = f"{shown(which)}{hint}"
            raise ValueError(f"{argument}: expected a name of the catalogue, found {found}")
        entry: T = entries[name]
        return entry


@functools.cache
def default_catalogue() -> Catalogue:
    """Return the embedded catalogue.

    Returns
    -------
    Catalogue
        Its files are in ``tokenmill/catalogue/serving``; docs/catalogue.md describes them.
    """
    sections: Sections = {name: {} for name in KINDS}
    for file in _FILES:
        path = resources.files("tokenmill.catalogue").joinpath("serving", file)
        sections = read_sections(path.read_bytes(), file, KINDS, sections)
    return _build(sections, "the catalogue")


def load_overrides(path: str | os.PathLike[str], base: Catalogue | None = None) -> Catalogue:
    """Return a catalogue in which a file's entries are new, or replace single fields.

    Parameters
    ----------
    path : str or path-like
        A TOML file of the form of the embedded ones, at most 1 MiB.
    base : Catalogue, optional
        What the file overrides, the embedded catalogue by default; it stays as it is.

    Returns
    -------
    Catalogue

    Raises
    ------
    CatalogueError
        The file cannot be read, is no TOML, or holds something that is not understood; the
        message names the file, the key, what was expected and what was found.
    TypeError
        `path` or `base` is something else.
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"path: expected the path of a file, found {type(path).__name__}")
    if base is not None and not isinstance(base, Catalogue):
        raise TypeError(f"base: expected a Catalogue or None, found {type(base).__name__}")
    file, content = read_bounded(path, CatalogueError)
    base = default_catalogue() if base is None else base
    sections: Sections = {name: getattr(base, name) for name in KINDS}
    return _build(read_sections(content, file, KINDS, sections), file)


def accelerators() -> Mapping[str, Accelerator]:
    """Return the embedded accelerators by name."""
    return default_catalogue().accelerators


def models() -> Mapping[str, ModelShape]:
    """Return the embedded shapes of models by name."""
    return default_catalogue().models


def api_prices() -> Mapping[str, ApiPrice]:
    """Return the embedded list prices by name."""
    return default_catalogue().api_prices


def priors() -> Mapping[str, Prior]:
    """Return the embedded priors by name; ``prior.distribution()`` is ready for `sweep`."""
    return default_catalogue().priors


def regions() -> Mapping[str, Region]:
    """Return the embedded regions by name."""
    return default_catalogue().regions


def workloads() -> Mapping[str, RequestLengths]:
    """Return the lengths of requests in the embedded traces by name."""
    return default_catalogue().workloads


def accelerator(which: str | Accelerator) -> Accelerator:
    """Return an accelerator of the embedded catalogue.

    Parameters
    ----------
    which : str or Accelerator
        A name, such as "H800", or another name of the same chip; capitals and punctuation do not
        count. An object comes back as it is.

    Warns
    -----
    UnverifiedWarning
        A field of it has grade D; the warning names both.

    Raises
    ------
    ValueError
        There is none of that name; the message has the nearest.
    TypeError
        `which` is something else.
    """
    return default_catalogue()._find(Accelerator, "accelerator", which)


def model(which: str | ModelShape) -> ModelShape:
    """Return the shape of a model of the embedded catalogue.

    Parameters
    ----------
    which : str or ModelShape
        A name, such as "deepseek_v3" or "deepseek-ai/DeepSeek-R1"; as in :func:`accelerator`.

    Warns
    -----
    UnverifiedWarning
        A field of it has grade D.

    Raises
    ------
    ValueError, TypeError
        As in :func:`accelerator`.
    """
    return default_catalogue()._find(ModelShape, "model", which)


def _build(sections: Sections, file: str) -> Catalogue:
    keys = {name: _names(file, name, entries) for name, entries in sections.items()}
    views = {name: MappingProxyType(dict(entries)) for name, entries in sections.items()}
    return Catalogue(**views, _keys=keys)  # type: ignore[arg-type]


def _names(file: str, section: str, entries: Mapping[str, Entry]) -> dict[str, str]:
    """Map every spelling of every entry to its name."""
    found: dict[str, str] = {}
    for name, entry in entries.items():
        for spelling in (name, *entry.aliases):
            other = found.setdefault(_plain(spelling), name)
            if other != name:
                expected = f"a spelling of its own, found in {section}.{other} already"
                raise CatalogueError(file, f"{section}.{name}", expected, shown(spelling))
    return found


def _plain(name: str) -> str:
    """Reduce a name to its letters and digits."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())
