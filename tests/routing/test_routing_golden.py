"""The golden vectors of every rule: ids exact, weights to 2e-6 in float32 and 1e-7 in float64."""

import numpy as np
import pytest

from tokenmill.routing import RouterSpec, route

Z = [0.5, -1.0, 2.0, 0.1, 1.5, -0.3, 0.9, 1.9]
B = [0.3, 0.0, -0.2, 0.1, -0.4, 0.5, 0.0, -0.3]
SIGMOID = {"score": "sigmoid", "norm": "sum"}
GROUPED = {"groups": 4, "groups_kept": 2}
ROWS = [
    ("R2", {}, None, [2, 7, 4], [0.297001721, 0.268738271, 0.180140650]),
    ("R1", {"norm": "sum"}, None, [2, 7, 4], [0.398189341, 0.360296615, 0.241514044]),
    (
        "R3",
        {"score": "identity", "weight": "softmax_of_chosen"},
        None,
        [2, 7, 4],
        [0.398189341, 0.360296615, 0.241514044],
    ),
    (
        "R5 p=2",
        {"norm": "power", "norm_power": 2.0},
        None,
        [2, 7, 4],
        [0.676260959, 0.611906220, 0.410173005],
    ),
    ("R8e", SIGMOID, None, [2, 7, 4], [0.342954382, 0.338708107, 0.318337511]),
    (
        "R4",
        {"score": "identity", "weight": "sigmoid_of_chosen"},
        None,
        [2, 7, 4],
        [0.880797078, 0.869891526, 0.817574476],
    ),
    (
        "R13",
        {"score": "sigmoid", "bias": "logits"},
        B,
        [2, 7, 4],
        [0.880797078, 0.869891526, 0.817574476],
    ),
    (
        "R7 G=1",
        SIGMOID | {"bias": "choice", "scale": 2.5, "norm_eps": 1e-20},
        B,
        [5, 0, 6],
        [0.604840296, 0.884694785, 1.010464919],
    ),
    (
        "R7 G=4",
        SIGMOID | GROUPED | {"bias": "choice", "scale": 2.5, "norm_eps": 1e-20},
        B,
        [5, 2, 3],
        [0.580939279, 1.202398359, 0.716662361],
    ),
    (
        "R6",
        GROUPED | {"group_score": "max", "group_fill": 0.0, "scale": 16.0},
        None,
        [2, 7, 6],
        [4.752027541, 4.299812331, 1.581812557],
    ),
    (
        "R7b Mistral4",
        GROUPED | {"group_fill": 0.0, "norm": "sum", "norm_eps": 1e-20},
        None,
        [2, 7, 6],
        [0.446885731, 0.404358931, 0.148755338],
    ),
    (
        "R11",
        {"score": "sqrtsoftplus", "norm": "sum", "norm_eps": 1e-20, "scale": 1.5},
        None,
        [2, 7, 4],
        [0.521993726, 0.511138608, 0.466867666],
    ),
    (
        "R11 with bias",
        {
            "score": "sqrtsoftplus",
            "norm": "sum",
            "norm_eps": 1e-20,
            "scale": 1.5,
            "bias": "choice",
        },
        B,
        [0, 2, 5],
        [0.464098794, 0.685788494, 0.350112712],
    ),
    (
        "R9",
        {"bias": "choice", "norm": "floor", "norm_eps": 1e-12},
        B,
        [5, 0, 3],
        [0.211982721, 0.471776221, 0.316241058],
    ),
    (
        "R10",
        {"bias": "choice", "scale": 6.0, "experts": 6, "zero_experts": 2},
        B,
        [5, 0, 3],
        [0.178662295, 0.397620250, 0.266532824],
    ),
    (
        "R8 Laguna",
        SIGMOID | {"bias": "choice", "softcap": 2.0},
        B,
        [5, 0, 6],
        [0.244124026, 0.355251266, 0.400624708],
    ),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("name", "rule", "bias", "ids", "weights"), ROWS, ids=lambda row: str(row)[:12]
)
def test_rule(name, rule, bias, ids, weights, dtype):
    spec = RouterSpec(**({"experts": 8, "top_k": 3} | rule))
    found = route(np.array([Z], dtype), spec, bias=bias)
    assert found.expert_ids.tolist() == [ids]
    # weights are single precision whatever the logits
    np.testing.assert_allclose(
        found.weights[0], weights, rtol=2e-6 if dtype is np.float32 else 1e-7
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_hash_table(dtype):
    spec = RouterSpec(
        experts=8,
        top_k=3,
        score="sqrtsoftplus",
        norm="sum",
        norm_eps=1e-20,
        scale=1.5,
        method="hash",
    )
    table = [[0, 1, 2], [6, 1, 4]]
    found = route(np.array([Z], dtype), spec, token_ids=[1], hash_table=table)
    assert found.expert_ids.tolist() == [[6, 1, 4]]
    np.testing.assert_allclose(found.weights[0], [0.561122072, 0.281902015, 0.656975913], rtol=2e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_joint_shared_experts(dtype):
    spec = RouterSpec(
        experts=8,
        top_k=3,
        score="sigmoid",
        bias="choice",
        shared_experts=2,
        weight="joint_sigmoid",
        scale=8.0,
    )
    found = route(np.array([[*Z, 0.2, -0.4]], dtype), spec, bias=B)
    assert found.expert_ids.tolist() == [[5, 0, 6]]
    np.testing.assert_allclose(found.weights[0], [1.256206033, 1.837441939, 2.098656678], rtol=2e-6)
    np.testing.assert_allclose(found.shared_weights[0], [1.623058721, 1.184636629], rtol=2e-6)


@pytest.mark.parametrize(
    ("jitter", "weights"),
    [(0.01, [1, 1]), (0.05, [0.524979187, 1]), (0.3, [0.351587874, 0.490629110])],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sparse_mixer(jitter, weights, dtype):
    spec = RouterSpec(experts=8, top_k=2, method="sparse_mixer", jitter=jitter)
    found = route(np.array([Z], dtype), spec)
    assert found.expert_ids.tolist() == [[2, 7]]
    np.testing.assert_allclose(found.weights[0], weights, rtol=2e-6)
