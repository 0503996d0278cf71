"""Set a mixture of experts beside a dense model: the same accelerators, the same draws."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from ..jit.records import Slot, gather_records
from ..montecarlo import evaluate, sample
from ..serving import model
from .architecture import Architecture
from .lineup import Lineup
from .quantity import Quantity
from .race_model import WorldValues, inputs_per_output
from .seat import seat_of
from .service import Service
from .spread import LEVELS, Spread
from .token import blended_tokens_per_s, computed_inputs, usd_per_mtok

# Sequences per accelerator, in half octaves.
BATCHES = tuple(2.0 ** (step / 2.0) for step in range(-6, 17))
_DRAWS = 2048
_BATCH = "batch"

Array = NDArray[np.float64]


def compare_architectures(lineup: Lineup, seed: int, threads: int | None) -> Architecture | None:
    """Return the comparison that the scenario asks for, None where it asks for none.

    Parameters
    ----------
    lineup : Lineup
    seed : int
        Of the race, so that the world's inputs are drawn as there.
    threads : int or None

    Notes
    -----
    Of a batch that does not fit as many sequences are decoded as do. At each batch and in each
    scenario the cheapest deployment of a model counts, which for decoding is not always the one
    for prompts.
    """
    choice = lineup.scenario.architecture
    if choice is None:
        return None
    inputs = {
        **lineup.inputs,
        "architecture.rent_usd_h": choice.rent_usd_h,
        "architecture.utilisation": choice.utilisation,
        "architecture.accept_len": Quantity.of(1.0),
    }
    draws = _Draws(lineup, inputs, seed, threads)
    moe = _cheapest([_costs(service, draws) for service in choice.moe])
    dense = _cheapest([_costs(service, draws) for service in choice.dense])
    return Architecture(
        model(choice.moe[0].model).title,
        model(choice.dense[0].model).title,
        choice.accelerator,
        f"{choice.judgement} (grade {choice.confidence})",
        BATCHES,
        _spreads(moe.token),
        _spreads(dense.token),
        _spreads(_ratio(dense.token, moe.token)),
        _spreads(_ratio(dense.decode, moe.decode)),
    )


class _Hour(NamedTuple):
    usd: float
    utilisation: float


class _Costs(NamedTuple):
    """USD per million output tokens, (batches, draws): with the prompts, and of decoding alone."""

    token: Array
    decode: Array


class _Draws:
    """The inputs of the comparison, and draws of those that are not constant."""

    def __init__(
        self, lineup: Lineup, inputs: dict[str, Quantity], seed: int, threads: int | None
    ) -> None:
        self.lineup, self.inputs, self.threads = lineup, inputs, threads
        self._seed = seed

    def of(self, name: str) -> Array:
        """Return the draws of one input, those that the race sees."""
        return sample(
            self.inputs[name].distribution(),
            _DRAWS,
            seed=self._seed,
            input=self.lineup.stream(name),
            threads=self.threads,
        )


def _costs(service: Service, draws: _Draws) -> _Costs:
    """Return what one deployment costs at every batch."""
    seat, added = seat_of(service, "architecture", draws.inputs, draws.lineup.scenario.file)
    inputs = draws.inputs | added
    hour = ("architecture.rent_usd_h", "architecture.utilisation")
    parts = [*seat.parts, (WorldValues, draws.lineup.world), (_Hour, hour)]
    used = dict.fromkeys(name for _, names in parts for name in names)
    drawn = [name for name in used if not inputs[name].is_constant]
    place = {name: index for index, name in enumerate(drawn)}
    place["architecture.load.batch"] = len(drawn)

    def slot(name: str) -> Slot:
        return place[name] if name in place else inputs[name].centre

    fill = gather_records([(record, [slot(name) for name in names]) for record, names in parts])
    serve = seat.serve

    @numba.njit(nogil=True, error_model="numpy")
    def costs(*values):  # type: ignore[no-untyped-def]
        s, m, lay, pool, load, e, w, hour = fill(values)
        found = serve(s, m, lay, pool, load, e)
        work = computed_inputs(inputs_per_output(w), w.cache_hit, w.cached_work)
        decode = found.decode_tokens_per_s_gpu
        speed = blended_tokens_per_s(decode, found.prefill_tokens_per_s_gpu, work)
        return (
            usd_per_mtok(hour.usd, speed, hour.utilisation),
            usd_per_mtok(hour.usd, decode, hour.utilisation),
        )

    per_replica = inputs["architecture.decode.tensor_parallel"].centre
    arrays: dict[str, Any] = {name: draws.of(name)[None, :] for name in drawn}
    arrays["architecture.load.batch"] = np.array(BATCHES)[:, None] * per_replica
    return _Costs(*evaluate(costs, arrays, threads=draws.threads))


def _cheapest(costs: list[_Costs]) -> _Costs:
    return _Costs(*(np.minimum.reduce(arrays) for arrays in zip(*costs, strict=True)))


def _ratio(dense: Array, moe: Array) -> Array:
    """Return the ratio of two costs; where neither fits there is none."""
    both = np.isfinite(dense) & np.isfinite(moe)
    ratio: Array = np.divide(dense, moe, out=np.full(dense.shape, np.nan), where=both)
    return ratio


def _spreads(values: Array) -> tuple[Spread, ...]:
    """Return the quantiles of each batch over the draws; NaN where a value is missing."""
    ordered = np.sort(values, axis=1)
    places = [int(level * (values.shape[1] - 1)) for level in LEVELS]
    return tuple(Spread(*(float(row[place]) for place in places)) for row in ordered)
