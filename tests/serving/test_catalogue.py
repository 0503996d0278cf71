"""The embedded catalogue: every value has its evidence, and agrees with where it came from."""

import csv
import dataclasses
import json
import re
import warnings
from decimal import Decimal
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from tokenmill import montecarlo
from tokenmill.serving import (
    Accelerator,
    ChipBill,
    DraftAcceptance,
    Evidence,
    Prior,
    Range,
    Region,
    RequestLengths,
    UnverifiedWarning,
    accelerator,
    accelerators,
    api_prices,
    default_catalogue,
    model,
    models,
    priors,
    regions,
    workloads,
)
from tokenmill.serving.catalogue import KINDS

CATALOGUE = default_catalogue()
ENTRIES = [(name, entry) for name in KINDS for entry in getattr(CATALOGUE, name).values()]
FILES = resources.files("tokenmill.catalogue").joinpath("serving")


@pytest.mark.parametrize(("section", "entry"), ENTRIES, ids=lambda one: getattr(one, "name", one))
def test_every_value_has_source_date_and_grade(section: str, entry: Prior) -> None:
    assert entry.name in getattr(CATALOGUE, section)
    for evidence in (entry.evidence, *(one for _, one in entry.exceptions)):
        assert evidence.source and evidence.confidence in set("ABCD")
        assert re.match(r"20\d\d", evidence.date)
        # A short name that no table of sources explains would stay one word.
        assert re.search("[ .]", evidence.source) or evidence.source in ("Press", "Judgement")


def test_files_name_no_place_of_a_machine() -> None:
    for path in FILES.iterdir():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"/(home|work|root|tmp|Users)/", text), path.name
        assert text.startswith("#") or not path.name.endswith(".toml")


def test_only_what_could_not_be_verified_has_grade_d() -> None:
    unverified = {entry.name for _, entry in ENTRIES if entry.unverified}
    assert unverified == {"KunlunP800", "Cambricon590"}


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("deepseek_v3", "deepseek_v3"),
        ("deepseek-v3", "deepseek_v3"),
        ("DeepSeek-R1", "deepseek_v3"),
        ("deepseek-ai/DeepSeek-V3-0324", "deepseek_v3"),
        ("deepseek-v3.2", "deepseek_v32"),
        ("Kimi-K2.5", "kimi_k2"),
        ("MiniMax-M2.5", "minimax_m2"),
        ("GLM-4.7", "glm_4_5"),
        ("llama-3.1-70b", "llama_3_1_70b"),
        ("Llama-3.3-70B", "llama_3_1_70b"),
        ("Qwen3-235B-A22B-FP8", "qwen3_235b_a22b"),
        ("ernie-4.5-300b", "ernie_4_5_300b_a47b"),
    ],
)
def test_models_have_many_spellings(spelling: str, name: str) -> None:
    assert model(spelling) is models()[name]


@pytest.mark.parametrize(
    ("spelling", "name"),
    [("h800", "H800"), ("A100-80", "A100"), ("Ascend 910C", "Ascend910C"), ("gb200", "GB200")],
)
def test_accelerators_have_many_spellings(spelling: str, name: str) -> None:
    assert accelerator(spelling) is accelerators()[name]


def test_an_object_comes_back_as_it_is() -> None:
    chip = dataclasses.replace(accelerator("H100"), hbm_bytes=96e9)
    assert accelerator(chip) is chip
    assert CATALOGUE.find(Region, "China") is CATALOGUE.regions["china"]


@pytest.mark.parametrize("name", ["H9000", "", "H10O", "a\nb", "x" * 500])
def test_an_unknown_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="accelerator: expected a name of the catalogue, found"):
        accelerator(name)


def test_the_refusal_names_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"found 'deepsek_v3' \(did you mean 'deepseek_v3'\?\)"):
        model("deepsek_v3")
    with pytest.raises(TypeError, match="model: expected str or ModelShape, found int"):
        model(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="accelerator: expected str or Accelerator, found Mod"):
        accelerator(model("qwen3_8b"))  # type: ignore[arg-type]


def test_grade_d_is_never_used_in_silence() -> None:
    message = r"Accelerator KunlunP800: unverified \(grade D\): bf16_flops"
    with pytest.warns(UnverifiedWarning, match=message) as caught:
        chip = accelerator("kunlunp800")
    assert caught[0].filename == __file__
    with pytest.warns(UnverifiedWarning, match=message):
        CATALOGUE.accelerator(chip)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        accelerator(Accelerator(vendor="own", generation="own", year=2026, bf16_flops=1e15))


def test_what_a_field_rests_on() -> None:
    chip = accelerator("H100")
    assert chip.evidence_of("rent_usd_h").source.startswith("SemiAnalysis 1.70-2.35")
    assert chip.evidence_of("bf16_flops") == chip.evidence
    with pytest.raises(ValueError, match="field: expected a field of Accelerator, found 'rent'"):
        chip.evidence_of("rent")


def test_the_catalogue_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        CATALOGUE.models["x"] = model("qwen3_8b")  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        accelerator("H100").hbm_bytes = 1.0  # type: ignore[misc]


def test_peaks_by_format() -> None:
    chip = accelerator("H100")
    assert chip.peak_flops("bf16") == chip.peak_flops("fp16") == 989e12
    assert chip.peak_flops("fp8") == 1979e12
    assert chip.peak_flops("nvfp4") is None
    assert accelerator("B200").peak_flops("mxfp4") == 9000e12
    with pytest.raises(ValueError, match="precision: expected one of"):
        chip.peak_flops("fp7")


def test_plausible_chips() -> None:
    for chip in accelerators().values():
        peaks = [chip.bf16_flops, chip.fp8_flops, chip.fp4_flops]
        known = [peak for peak in peaks if peak]
        assert known == sorted(known)
        if chip.hbm_bytes_per_s and chip.scale_up_bytes_per_s:
            assert chip.hbm_bytes_per_s > chip.scale_up_bytes_per_s
        if chip.scale_up_bytes_per_s and chip.scale_out_bytes_per_s:
            assert chip.scale_up_bytes_per_s > chip.scale_out_bytes_per_s
        if chip.tdp_w and chip.all_in_w:
            assert chip.tdp_w < chip.all_in_w


def test_prices_are_exact() -> None:
    price = api_prices()["deepseek_chat_deepseek_2026_02"]
    assert price.cached_usd_mtok == Decimal("0.0028")
    assert str(price.input_usd_mtok) == "0.14"
    assert len({type(one.output_usd_mtok) for one in api_prices().values()}) == 1


def test_a_published_bill_adds_up() -> None:
    parts = ("logic_usd", "hbm_usd", "package_usd", "test_usd", "yield_loss_usd", "other_usd")
    for name in ("H100", "B200", "MI300X"):
        bill = CATALOGUE.find(ChipBill, name)
        listed = [getattr(bill, part) for part in parts]
        assert sum(one for one in listed if one is not None) == bill.total_usd
        assert bill.price_usd and bill.gross_margin and bill.total_usd
        margin = 1.0 - bill.total_usd / bill.price_usd.typical
        assert margin == pytest.approx(bill.gross_margin.typical, abs=0.02)


def test_drafts_are_accepted_less_and_less() -> None:
    for draft in CATALOGUE.drafts.values():
        gains = np.diff([1.0, *draft.accept_len])
        assert gains[0] == max(gains)


@pytest.mark.parametrize("name", priors())
def test_a_prior_has_the_quantiles_it_says(name: str) -> None:
    prior = priors()[name]
    law = prior.distribution()
    if prior.law == "split_lognormal":
        found = [float(law.ppf(level)) for level in (0.05, 0.5, 0.95)]
        assert found == pytest.approx([prior.low, prior.mode, prior.high], rel=2e-3)
    else:
        assert (law.support) == (prior.low, prior.high)


def test_a_bound_is_kept_by_every_draw() -> None:
    prior = CATALOGUE.find(Prior, "ep_imbalance_max_over_mean")
    law = prior.distribution()
    assert isinstance(law, montecarlo.Empirical)
    assert law.support[0] == 1.0 < law.support[1]
    free = dataclasses.replace(prior, least=None).distribution()
    assert free.support[0] == 0.0
    levels = [0.0105, 0.3, 0.9, 0.9895]
    assert law.ppf(levels) == pytest.approx(np.maximum(free.ppf(levels), 1.0), rel=0.01)


def test_regions_name_chips_of_the_catalogue() -> None:
    for region in regions().values():
        assert set(region.accelerators) <= set(accelerators())
        assert region.pue >= 1.0 and region.power_usd_kwh == region.power_range_usd_kwh.typical
    us, china = regions()["us"], regions()["china"]
    assert not set(us.accelerators) & set(china.accelerators)


def test_lengths_of_requests_hang_together() -> None:
    for lengths in workloads().values():
        assert lengths.levels == tuple(np.round(np.arange(0.025, 1.0, 0.05), 3))
        # Twenty equal shares of the requests, each stood for by its middle.
        assert np.mean(lengths.in_tokens) == pytest.approx(lengths.mean_in, rel=0.08)
        assert np.mean(lengths.out_tokens) == pytest.approx(lengths.mean_out, rel=0.12)


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        (Prior, {"law": "normal"}, "law: expected one of triangular, pert, split_lognormal"),
        (Prior, {"mode": 3.0}, "mode: expected low <= mode <= high, found 3"),
        (Prior, {"law": "split_lognormal", "low": 0.0}, "low: expected a number > 0 with split"),
        (Prior, {"least": 1.5}, "least: expected bounds around low and high, found 1.5"),
        (DraftAcceptance, {"accept_len": (2.1,)}, "accept_len: expected at most 2 tokens with 1"),
        (DraftAcceptance, {"low": (1.0, 1.0)}, "low: expected none or 1 numbers"),
        (RequestLengths, {"in_tokens": (1.0,)}, "in_tokens: expected as many numbers as levels"),
        (RequestLengths, {"out_tokens": (2.0, 1.0)}, "out_tokens: expected ascending numbers"),
        (Region, {"pue_range": Range(0.9, 1.0, 1.1)}, "pue_range: expected a number from 1 to 10"),
        (Region, {"pue_range": (1.2, 1.1, 1.3)}, "pue_range: expected a number from 1 to 10, or l"),
    ],
)
def test_entries_at_odds_with_themselves(
    kind: type[Prior], fields: dict[str, object], message: str
) -> None:
    good: dict[type, dict[str, object]] = {
        Prior: {"law": "pert", "low": 1.0, "mode": 1.5, "high": 2.0},
        DraftAcceptance: {"model": "m", "method": "MTP", "accept_len": (1.8,)},
        Region: {"power_range_usd_kwh": 0.1, "pue_range": 1.2, "accelerators": ()},
        RequestLengths: {
            "requests": 2,
            "duration_s": 1.0,
            "mean_in": 1.0,
            "mean_out": 1.0,
            "levels": (0.25, 0.75),
            "in_tokens": (1.0, 2.0),
            "out_tokens": (1.0, 2.0),
            "rank_correlation": 0.0,
        },
    }
    kind(**good[kind])  # type: ignore[arg-type]
    with pytest.raises(ValueError) as refused:
        kind(**(good[kind] | fields))  # type: ignore[arg-type]
    assert str(refused.value).startswith(message)


def test_evidence_is_empty_for_what_is_made_here() -> None:
    chip = Accelerator(vendor="own", generation="own", year=2026, bf16_flops=1e15)
    assert chip.evidence == Evidence() and chip.unverified == ()


def test_accelerators_are_those_of_the_collected_table(data_folder: Path) -> None:
    columns = {
        "bf16_tflops": ("bf16_flops", 1e12),
        "fp8_tflops": ("fp8_flops", 1e12),
        "int8_tops": ("int8_flops", 1e12),
        "fp4_tflops": ("fp4_flops", 1e12),
        "hbm_gb": ("hbm_bytes", 1e9),
        "hbm_gbs": ("hbm_bytes_per_s", 1e9),
        "scaleup_gbs": ("scale_up_bytes_per_s", 1e9),
        "scaleup_n": ("scale_up_size", 1),
        "scaleout_gbs": ("scale_out_bytes_per_s", 1e9),
        "tdp_w": ("tdp_w", 1),
        "allin_w": ("all_in_w", 1),
        "own_hyper_h": ("own_hyperscaler_usd_h", 1),
        "own_neo_h": ("own_neocloud_usd_h", 1),
        "rent3y_h": ("rent_3y_usd_h", 1),
    }
    by_name = {
        _letters(one): entry
        for entry in accelerators().values()
        for one in (entry.name, *entry.aliases)
    }
    with (data_folder / "serving" / "hardware.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            chip = by_name[_letters(row["id"])]
            for column, (name, scale) in columns.items():
                expected = round(float(row[column]) * scale, 6) if row[column] else None
                assert getattr(chip, name) == expected, (row["id"], name)
            for name, column in (("price_usd", "price"), ("rent_usd_h", "rent")):
                ends = [row[f"{column}_{end}"] for end in ("low", "typ", "high")]
                assert getattr(chip, name) == (tuple(map(float, ends)) if ends[1] else None)


def test_models_of_the_public_measurements_are_known(data_folder: Path) -> None:
    content = json.loads((data_folder / "serving" / "validation_points.json").read_text())
    # Their shapes are not public in what was collected.
    unknown = {"-", "Qwen3.5-397B-A17B", "qwen2.5-72b", "step-3 (321B-A38B)"}
    for name in {point["model"] for point in content["points"]} - unknown:
        model(name)


@pytest.mark.parametrize("name", workloads())
def test_lengths_are_those_of_the_trace(name: str, data_folder: Path) -> None:
    lengths = workloads()[name]
    maker, kind = name.split("_")
    folder = data_folder / "accounting"
    if maker == "azure":
        with (folder / f"AzureLLMInferenceTrace_{kind}.csv").open(encoding="utf-8") as file:
            rows = [
                (int(r["ContextTokens"]), int(r["GeneratedTokens"])) for r in csv.DictReader(file)
            ]
    else:
        lines = (folder / f"mooncake_{kind}_trace.jsonl").read_text().splitlines()
        rows = [(one["input_length"], one["output_length"]) for one in map(json.loads, lines)]
    assert lengths.requests == len(rows)
    for column, quantiles in enumerate((lengths.in_tokens, lengths.out_tokens)):
        ordered = sorted(row[column] for row in rows)
        # The least length that at least this share of the requests does not exceed.
        ranks = [int(np.ceil(level * len(rows))) for level in lengths.levels]
        assert list(quantiles) == [ordered[rank - 1] for rank in ranks]
        mean = (lengths.mean_in, lengths.mean_out)[column]
        assert mean == pytest.approx(sum(ordered) / len(rows), abs=0.005)


def _letters(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
