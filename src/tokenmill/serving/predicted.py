"""The figure that the model gives for a case.

Rates are of the pool that a point measures: a decode pool alone, a prefill pool alone, or an
instance that does both, whose rate is ``eta b / (step / AL + b t_prompt n / out)``. A batch that is
stated is taken as it is, since it did fit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .attention import new_tokens
from .calibration import Calibration
from .cases import NODE, Case, Excluded
from .communication import transfer_s
from .decode import decode_step
from .efficiency import Efficiency
from .experts import known_popularity
from .memory import max_batch, sequence_bytes
from .modes import serving_efficiency
from .prefill import prompt_s, prompt_token_s
from .reasons import FEASIBLE, REASONS, reason

_HALVINGS = 60


class Costs:
    """The times of a case: what its pools take per step and per prompt token.

    Parameters
    ----------
    case : Case
    calibration : Calibration
    """

    def __init__(self, case: Case, calibration: Calibration) -> None:
        constants = calibration.efficiency(case.point.engine)
        if case.point.balanced:
            constants = constants._replace(prefill_imbalance=1.0)
        self.constants: Efficiency = constants
        machine = case.machine
        for name in case.names[::-1]:
            scale = calibration.gemm_scale.get(name, machine.gemm_scale)
            core = calibration.core_scale.get(name, machine.core_scale)
            machine = machine._replace(gemm_scale=scale, core_scale=core)
        self.case, self.machine = case, machine
        self.known = known_popularity(case.shape.experts, case.shape.top_k, case.load.skew)

    def step_s(self, batch: float) -> float:
        """Return seconds of a decode step of `batch` sequences on every attention replica."""
        c = self.case
        args = (c.shape, self.machine, c.layout, c.load, self.constants, self.known, batch)
        return float(decode_step(*args).seconds)

    def prompt_token_s(self, layout: Any) -> float:
        """Return seconds per prompt token of an attention replica laid out as `layout`."""
        c = self.case
        args = (c.shape, self.machine, layout, c.load, self.constants, self.known)
        return float(prompt_token_s(*args))

    def prompt_s(self, layout: Any) -> float:
        """Return seconds to read one prompt alone."""
        c = self.case
        return float(prompt_s(c.shape, self.machine, layout, c.load, self.constants, self.known))

    def tpot_s(self, batch: float) -> float:
        """Return the time per output token that a user sees."""
        c = self.case
        own = self.step_s(batch) / c.load.accept_len / self.constants.disaggregated
        if c.point.phase != "agg" or batch * c.layout.data_parallel <= 1.0:
            return own
        return own + self.constants.prefill_interference * batch * self.per_output_s()

    def per_output_s(self) -> float:
        """Return seconds of prompt that every output token brings along."""
        load = self.case.load
        return self.prompt_token_s(self.case.layout) * float(new_tokens(load)) / load.out_len

    def batch(self) -> float:
        """Return the batch that is stated, or the largest that fits, within the limit if any."""
        c = self.case
        if c.load.batch > 0.0:
            return c.load.batch
        why = reason(c.shape, self.machine, c.layout, c.load, self.constants)
        if why != FEASIBLE:
            raise Excluded(REASONS[int(why)])
        most = float(max_batch(c.shape, self.machine, c.layout, c.load, self.constants))
        if not 1.0 <= most < float("inf"):
            raise Excluded("the model does not fit the accelerators")
        if c.limit_s is None:
            return most
        low, high = 0.0, most
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if self.tpot_s(middle) <= c.limit_s else (low, middle)
        if low <= 0.0:
            raise Excluded("no batch is as fast as stated")
        return low


def predict(case: Case, calibration: Calibration) -> float:
    """Return the model's figure for a case, in the unit of its point.

    Raises
    ------
    Excluded
        The model has none: it does not fit, or the price or power is not known.
    """
    costs = Costs(case, calibration)
    try:
        found = _METRICS[case.point.metric](costs)
    except ArithmeticError:
        # Kernels that Python interprets raise where compiled ones would give an infinity.
        raise Excluded("the model gives no finite figure") from None
    if not 0.0 < found < float("inf"):
        raise Excluded("the model gives no finite figure")
    return found


def _output(costs: Costs) -> float:
    """Return output tokens/s and accelerator, over every accelerator that the phase counts."""
    c, e = costs.case, costs.constants
    batch = costs.batch()
    own = costs.step_s(batch) / c.load.accept_len
    n = c.layout.tensor_parallel
    if c.point.phase == "agg":
        eta = float(serving_efficiency(c.shape, c.layout, e))
        return eta * batch / (own + batch * costs.per_output_s()) / n
    decode = e.disaggregated * batch / own / n
    if c.point.phase != "disagg":
        return decode
    group = n * c.layout.data_parallel * c.replicas
    pool = c.pools * c.pool.tensor_parallel * c.pool.data_parallel
    prompt = costs.prompt_token_s(c.pool) * float(new_tokens(c.load))
    if prompt <= 0.0:
        return decode * group / (group + pool)
    answers = e.disaggregated * c.pools * c.pool.data_parallel * c.load.out_len / prompt
    return min(decode * group, answers) / (group + pool)


def _decode(costs: Costs) -> float:
    c = costs.case
    batch = costs.batch()
    own = costs.step_s(batch) / c.load.accept_len
    eta = costs.constants.disaggregated
    if c.point.phase == "agg":
        eta = float(serving_efficiency(c.shape, c.layout, costs.constants))
    return eta * batch / own / c.layout.tensor_parallel


def _prefill(costs: Costs) -> float:
    layout = costs.case.pool if costs.case.point.phase == "disagg" else costs.case.layout
    each = costs.prompt_token_s(layout) * layout.tensor_parallel
    if each <= 0.0:
        raise Excluded("every prompt token is cached")
    return costs.constants.disaggregated / each


def _total(costs: Costs) -> float:
    load = costs.case.load
    return _output(costs) * (1.0 + load.in_len / load.out_len)


def _first_token(costs: Costs) -> float:
    c, e = costs.case, costs.constants
    layout = c.pool if c.point.phase == "disagg" else c.layout
    seconds = e.first_token_s + costs.prompt_s(layout) + costs.step_s(costs.batch())
    if c.point.phase == "disagg":
        cached = float(sequence_bytes(c.shape, layout, c.load.in_len))
        seconds += float(transfer_s(cached, costs.machine, e))
    return seconds


def _rate(of: Callable[[Costs], float]) -> Callable[[Costs], float]:
    """Return a rate in the unit of the point: of an accelerator, a node, or the system."""

    def scaled(costs: Costs) -> float:
        many = {"node": float(NODE), "system": costs.case.accelerators}
        return of(costs) * many.get(costs.case.point.per or "gpu", 1.0)

    return scaled


def _cost(of: Callable[[Costs], float]) -> Callable[[Costs], float]:
    def usd_per_mtok(costs: Costs) -> float:
        if costs.case.usd_h is None:
            raise Excluded("no price of an accelerator-hour is stated")
        return costs.case.usd_h / 3600.0 / of(costs) * 1e6

    return usd_per_mtok


def _per_megawatt(costs: Costs) -> float:
    if costs.case.megawatts is None:
        raise Excluded("the accelerator's power is not public")
    return _output(costs) / costs.case.megawatts


_METRICS: dict[str, Callable[[Costs], float]] = {
    "out_tok_s": _rate(_output),
    "total_tok_s": _rate(_total),
    "decode_tok_s": _rate(_decode),
    "prefill_tok_s": _rate(_prefill),
    "tpot_s": lambda costs: costs.tpot_s(costs.batch()),
    "ttft_s": _first_token,
    "usd_per_mtok_out": _cost(_output),
    "usd_per_mtok_total": _cost(_total),
    "tok_s_per_mw": _per_megawatt,
}
