"""Where the serving model's records of one player come from, and the batch it decodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..serving.efficiency import Efficiency
from ..serving.efficiency_file import fitted
from ..serving.modes import Estimate
from ..serving.records import Layout, Load, Machine, Shape
from .quantity import Quantity
from .race_speed import serve_apart, serve_together
from .refusal import ScenarioError
from .service import Service, service_records

# Fields of Load that all players share.
_WORLD_LOAD = ("in_len", "out_len", "cache_hit", "imbalance")


@dataclass(frozen=True)
class Seat:
    """The records of one player's computed speed.

    Attributes
    ----------
    parts : tuple of (record, tuple of str)
        The six records of :func:`.race_speed.serve_apart` and the inputs of their fields.
    serve : compiled function
        :func:`.race_speed.serve_apart` or :func:`.race_speed.serve_together`.
    """

    parts: tuple[tuple[Any, tuple[str, ...]], ...]
    serve: Any

    def serve_at(self, values: Mapping[str, float]) -> Estimate:
        """Return what one accelerator reaches with given inputs."""
        # Interpreted: hundreds of calls take a second, compiling for them several.
        records = [record(*(values[name] for name in names)) for record, names in self.parts]
        found: Estimate = self.serve(*records)
        return found


def efficiency_inputs(given: Mapping[str, Quantity]) -> dict[str, Quantity]:
    """Return the constants of the serving model, those of the scenario before the fitted."""
    defaults = fitted().constants._asdict()
    return {
        f"efficiency.{key}": given.get(key, Quantity.of(value)) for key, value in defaults.items()
    }


def seat_of(
    service: Service, path: str, inputs: Mapping[str, Quantity], file: str
) -> tuple[Seat, dict[str, Quantity]]:
    """Return the seat of a service and the inputs that it adds.

    Parameters
    ----------
    service : Service
    path : str
        Dotted path of its player; ``<path>.accept_len`` has to be an input, and
        ``<path>.decode_ratio`` where the service has a limit.
    inputs : mapping of str to Quantity
        Inputs of the world, the efficiency and the player.
    file : str
        For messages.

    Raises
    ------
    ScenarioError
        No batch keeps the limit of the time per output token.
    """
    added, names = _record_inputs(service, path)
    seat = Seat(
        (
            (Shape, names["shape"]),
            (Machine, names["machine"]),
            (Layout, names["decode"]),
            (Layout, names["prefill"]),
            (Load, tuple(_load_name(path, key) for key in Load._fields)),
            (Efficiency, tuple(f"efficiency.{key}" for key in Efficiency._fields)),
        ),
        serve_apart if service_records(service).is_disaggregated else serve_together,
    )
    if service.tpot_limit_s is not None:
        values = {name: quantity.centre for name, quantity in {**inputs, **added}.items()}
        # What a user sees is the actual speed: the modelled one times its ratio.
        limit = service.tpot_limit_s * values[f"{path}.decode_ratio"]
        batch = _batch_within(seat, values, f"{path}.load.batch", limit)
        if batch < 1:
            least = seat.serve_at({**values, f"{path}.load.batch": 1.0}).tpot_s
            actual = least / values[f"{path}.decode_ratio"]
            expected = f"at least the time per output token of one sequence, {actual:.4g} s"
            key = f"{path}.deployment.tpot_limit_s"
            raise ScenarioError(file, key, expected, f"{service.tpot_limit_s:g}")
        added[f"{path}.load.batch"] = Quantity.of(float(batch))
    return seat, added


def _load_name(path: str, key: str) -> str:
    if key in _WORLD_LOAD:
        return f"world.{key}"
    return f"{path}.accept_len" if key == "accept_len" else f"{path}.load.{key}"


def _record_inputs(
    service: Service, path: str
) -> tuple[dict[str, Quantity], dict[str, tuple[str, ...]]]:
    """Return the inputs of a service by name, and the names of each record."""
    records = service_records(service)
    added: dict[str, Quantity] = {}
    names = {}
    for kind in ("shape", "machine", "decode", "prefill", "load"):
        fields = getattr(records, kind)._asdict()
        given = {f"{path}.{kind}.{key}": Quantity.of(value) for key, value in fields.items()}
        names[kind] = tuple(given)
        added |= given
    added |= {f"{path}.machine.{key}": value for key, value in service.machine.items()}
    return added, names


def _batch_within(seat: Seat, values: Mapping[str, float], name: str, limit_s: float) -> int:
    """Return the largest batch that keeps the limit, 0 where none does; TPOT rises with it."""
    low, high = 0, int(seat.serve_at({**values, name: 0.0}).batch) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if seat.serve_at({**values, name: float(middle)}).tpot_s <= limit_s:
            low = middle
        else:
            high = middle
    return low
