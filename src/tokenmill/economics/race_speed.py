"""How fast a player's accelerators are: as the scenario states or the serving model computes."""

from __future__ import annotations

from typing import Any

from ..jit.kernel import kernel
from .race_model import Speed


@kernel
def stated_speed(values: Any, w: Any, p: Any) -> Speed:
    """Return the speed that the scenario states for player `p`."""
    return Speed(p.decode_tok_s, p.prefill_tok_s)
