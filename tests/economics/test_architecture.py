"""A mixture of experts beside a dense model: the crossover, and a table that is refused."""

import copy
import json
import tomllib
from collections.abc import Callable
from math import inf, nan
from typing import Any

import pytest

from tokenmill.economics import RaceResult, ScenarioError, parse_scenario
from tokenmill.economics.architecture import crossings

Dump = Callable[[dict[str, Any]], bytes]


def test_crossings_lie_on_lines_between_logarithms() -> None:
    assert crossings([1.0, 4.0], [2.0, 0.5]) == (pytest.approx(2.0),)
    assert crossings([1.0, 4.0, 16.0], [0.5, 2.0, 0.5]) == (
        pytest.approx(2.0),
        pytest.approx(8.0),
    )
    assert crossings([1.0, 2.0], [2.0, 3.0]) == ()
    assert crossings([], []) == ()
    assert crossings([1.0, 2.0, 4.0], [2.0, nan, 0.5]) == (pytest.approx(2.0),)
    assert crossings([1.0, 2.0], [inf, 0.5]) == ()


def test_experts_pay_alone_and_in_crowds(board: RaceResult) -> None:
    """One sequence reads few experts, a large batch feeds all; between, most are read for few."""
    found = board.architecture
    assert found is not None
    ratios = [spread.p50 for spread in found.ratio]
    assert ratios[0] > 1.5
    assert ratios[-1] > 2.0
    decode = [spread.p50 for spread in found.decode_ratio]
    assert min(decode) < 0.9
    assert len(found.decode_crossings) == 2
    for spread in (*found.ratio, *found.moe, *found.dense):
        assert 0.0 < spread.p05 <= spread.p50 <= spread.p95
    # Ten times the active parameters: prompts are where the dense model pays most.
    assert max(ratios) > max(decode)
    json.dumps(found.to_dict(), allow_nan=False)
    assert "grade C" in found.judgement


WRONG = {
    "no judgement": (lambda a: a.pop("judgement"), "architecture.judgement", "no such key"),
    "a grade too low": (lambda a: a.update(confidence="D"), "architecture.confidence", "'D'"),
    "no deployments": (
        lambda a: a["moe"].update(deployments=[]),
        "architecture.moe.deployments",
        "an array of 0 values",
    ),
    "a deployment that is none": (
        lambda a: a["dense"].update(deployments=[{"tensor_parallel": 0}]),
        "architecture.dense.deployments[0]",
        "tensor_parallel",
    ),
    "an unknown key": (lambda a: a.update(modle=1), "architecture.modle", "'modle'"),
    "no table": (lambda a: a.update(moe=3), "architecture.moe", "3"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_comparison_is_refused(what: str, embedded: bytes, dump: Dump) -> None:
    change, key, found = WRONG[what]
    table = copy.deepcopy(tomllib.loads(embedded.decode()))
    change(table["architecture"])
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(dump(table))
    assert caught.value.key == key
    assert found in caught.value.found
