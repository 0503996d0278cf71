"""What owning a layer saves, what margins multiply to, and the volume that pays for an own chip.

Questions to :func:`~tokenmill.economics.stack`, each answered by walking it again with a switch or
a number changed.
"""

from __future__ import annotations

from typing import NamedTuple

from ..jit.kernel import block, kernel
from .margins import price_at_margin
from .ownership import StackInputs, StackLevels, stack

CHIP, SERVER, SITE, CLOUD, MODEL, APP = range(6)
_FLAGS = 6
_VOLUME = StackInputs._fields.index("chip_volume")
_AFTER_VOLUME = _VOLUME + 1


class LayerValues(NamedTuple):
    """A number for every layer of the stack."""

    chip: float
    server: float
    site: float
    cloud: float
    model: float
    app: float


@kernel
def with_layer(x: StackInputs, layer: int, owned: float) -> StackInputs:
    """Return the inputs with one layer owned (1.0) or bought (0.0).

    Parameters
    ----------
    x : StackInputs
    layer : int
        0 chip, 1 server, 2 site, 3 cloud, 4 model, 5 app; any other changes nothing.
    owned : float
    """
    flags = (
        owned if layer == CHIP else x.owns_chip,
        owned if layer == SERVER else x.owns_server,
        owned if layer == SITE else x.owns_site,
        owned if layer == CLOUD else x.owns_cloud,
        owned if layer == MODEL else x.owns_model,
        owned if layer == APP else x.owns_app,
    )
    return StackInputs(*(flags + x[_FLAGS:]))


# Inlined as a kernel is, a dozen copies of the whole stack would take half a minute to compile.
@block
def _levels(x: StackInputs) -> StackLevels:
    return stack(x)


@kernel
def layer_saving(
    x: StackInputs, layer: int, fixed_usd: float = 0.0, volume_mtok: float = 1.0
) -> float:
    """Return what owning one layer saves, all others as they are.

    ``P(bought) - P(owned) - fixed / volume`` with P the price at the user.

    Parameters
    ----------
    x : StackInputs
    layer : int
        As in :func:`with_layer`.
    fixed_usd, volume_mtok : float
        What owning the layer costs once, and the million output tokens that share it.

    Returns
    -------
    float
        USD per million output tokens; negative where buying is cheaper, as a quote below cost or a
        small volume can make it.
    """
    bought = _levels(with_layer(x, layer, 0.0)).app_usd_mtok
    owned = _levels(with_layer(x, layer, 1.0)).app_usd_mtok
    return bought - owned - fixed_usd / volume_mtok


@kernel
def layer_savings(x: StackInputs) -> LayerValues:
    """Return :func:`layer_saving` of every layer, nothing fixed, USD per million output tokens.

    Each is for that layer alone. Margins multiply, so the savings of several layers do not add up.
    """
    return LayerValues(
        layer_saving(x, CHIP),
        layer_saving(x, SERVER),
        layer_saving(x, SITE),
        layer_saving(x, CLOUD),
        layer_saving(x, MODEL),
        layer_saving(x, APP),
    )


@kernel
def margin_multipliers(x: StackInputs) -> LayerValues:
    """Return what one dollar of each layer's own cost has become at the user, by margins alone.

    The product of ``1 / (1 - margin)`` of the bought layers that it passes: from the chip through
    server, cloud, model and app; from the site through cloud, model and app. ``chip`` is the
    middleman's multiplier. Quotes replace margins by prices and are left out here, and the hours
    that a cloud cannot sell are a cost and no margin.
    """
    app = price_at_margin(1.0, x.app_margin * (1.0 - x.owns_app))
    model = price_at_margin(app, x.api_margin * (1.0 - x.owns_model))
    cloud = price_at_margin(model, x.cloud_margin * (1.0 - x.owns_cloud))
    site = price_at_margin(cloud, x.site_margin * (1.0 - x.owns_site))
    server = price_at_margin(cloud, x.server_margin * (1.0 - x.owns_server))
    chip = price_at_margin(server, x.chip_margin * (1.0 - x.owns_chip))
    return LayerValues(chip, server, site, cloud, model, app)


@kernel
def _at_volume(x: StackInputs, volume: float) -> float:
    changed = StackInputs(*(x[:_VOLUME] + (volume,) + x[_AFTER_VOLUME:]))
    return _levels(changed).serve_usd_mtok


@kernel
def volume_that_pays(bought: StackInputs, own: StackInputs) -> float:
    """Return the number of own chips at which their token costs as much as a bought chip's.

    Parameters
    ----------
    bought, own : StackInputs
        Two ways to serve the same tokens, each with its own speed, power and server: `own` owns its
        chip and pays its `design_usd`, `bought` buys a chip or rents the hour. The ``chip_volume``
        of `own` plays no part. Let ``tokens_per_s`` come from a serving model: peak FLOP/s of two
        chips say little about their tokens.

    Returns
    -------
    float
        Chips, exact within the stack, whose cost is linear in 1/volume; inf where the own token is
        not cheaper even without design, 0 where there is no design to pay for.
    """
    endless = _at_volume(own, float("inf"))
    saving = _levels(bought).serve_usd_mtok - endless
    if saving <= 0.0:
        return float("inf")
    return (_at_volume(own, 1.0) - endless) / saving
