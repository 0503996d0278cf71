"""A user's file of overrides: what it changes, and how a bad one is refused."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tokenmill.serving import (
    Catalogue,
    CatalogueError,
    Evidence,
    Range,
    UnverifiedWarning,
    default_catalogue,
    load_overrides,
)

OWN = """
format = 1

[sources]
quote = "Offer of a cloud, 12 months"

[accelerators.H100]
rent_usd_h = {low = 1.9, typical = 2.05, high = 2.2, source = "quote", date = "2026-10"}
hbm_bytes = {value = 94e9, confidence = "D"}

[accelerators.Own1]
aliases = ["first chip"]
vendor = "own"
generation = "own"
year = 2027
bf16_flops = 800e12
price_usd = 5000

[models.tiny]
layers = 2
hidden = 64
heads = 4
kv_heads = 4
head_dim = 16
dense_width = 128
vocab = 100
"""


def load(folder: Path, text: str | bytes, base: Catalogue | None = None) -> Catalogue:
    path = folder / "own.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_overrides(path, base)


def test_a_file_replaces_single_fields_and_adds_entries(tmp_path: Path) -> None:
    before = default_catalogue()
    own = load(tmp_path, OWN)
    with pytest.warns(UnverifiedWarning, match="H100: unverified .* hbm_bytes$"):
        chip = own.accelerator("H100")
    assert chip.rent_usd_h == Range(1.9, 2.05, 2.2)
    assert chip.evidence_of("rent_usd_h") == Evidence("Offer of a cloud, 12 months", "2026-10", "")
    assert chip.hbm_bytes == 94e9
    assert chip.bf16_flops == 989e12 and chip.evidence_of("bf16_flops").confidence == "A"
    assert own.accelerator("First Chip").price_usd == Range(5000.0, 5000.0, 5000.0)
    assert own.model("tiny").total_parameters == 2 * (4 * 64 * 64 + 3 * 64 * 128) + 2 * 6400
    assert own.models["deepseek_v3"] is before.models["deepseek_v3"]
    assert default_catalogue() is before and before.accelerators["H100"].hbm_bytes == 80e9


def test_a_value_of_ones_own_without_a_source_rests_on_the_file(tmp_path: Path) -> None:
    own = load(tmp_path, "format = 1\n[accelerators.KunlunP800]\nbf16_flops = 345e12\n")
    chip = own.accelerators["KunlunP800"]
    assert chip.evidence_of("bf16_flops").source.endswith("own.toml")
    assert chip.unverified == ("gemm_scale",)


def test_files_stack(tmp_path: Path) -> None:
    first = load(tmp_path, OWN)
    second = load(tmp_path, "format = 1\n[models.tiny]\nlayers = 3\n", first)
    assert second.models["tiny"].layers == 3 and second.models["tiny"].hidden == 64
    assert second.accelerators["Own1"] is first.accelerators["Own1"]


def test_a_price_keeps_its_digits(tmp_path: Path) -> None:
    text = "format = 1\n[api_prices.x]\nmodel = 'm'\nprovider = 'p'\ninput_usd_mtok = 0.10\n"
    own = load(tmp_path, text + "output_usd_mtok = 0.1000000000000000000001\n")
    assert str(own.api_prices["x"].output_usd_mtok) == "0.1000000000000000000001"


@pytest.mark.parametrize(
    ("text", "key", "expected", "found"),
    [
        ("", "format", "1", "no such key"),
        ("format = 2", "format", "1", "2"),
        ("format = 1\n[gpus.x]", "gpus", "a table of the catalogue", "the unknown key 'gpus'"),
        ("format = 1\nmodels = 3", "models", "a table", "3"),
        ("format = 1\n[models]\nx = 3", "models.x", "a table", "3"),
        ('format = 1\n[models."a b"]', "models.'a b'", "a name of at most 60", "'a b'"),
        ("format = 1\n[sources]\nx = 3", "sources.x", "printable text", "3"),
        ("format = ", "", "valid TOML", "an error"),
        (b"format = 1 # \xff", "", "text in UTF-8", "byte 0xff on line 1"),
        (b"#" * (1 << 20) + b"\nformat = 1", "", "at most 1048576 bytes", "a larger file"),
    ],
)
def test_a_bad_file_is_refused_by_its_key(
    text: str | bytes, key: str, expected: str, found: str, tmp_path: Path
) -> None:
    with pytest.raises(CatalogueError) as refused:
        load(tmp_path, text)
    error = refused.value
    assert error.file.endswith("own.toml")
    assert error.key.startswith(key) and bool(error.key) == bool(key)
    assert expected in error.expected and found in error.found


@pytest.mark.parametrize(
    ("entry", "line", "expected", "found"),
    [
        ("accelerators.H100", "hbm_byte = 3", "a key of", "(did you mean 'hbm_bytes'?)"),
        ("accelerators.H100", "hbm_bytes = '80 GB'", "a number from 1 to 1e+18", "'80 GB'"),
        ("accelerators.H100", "hbm_bytes = -1", "a number from 1 to 1e+18 bytes", "-1"),
        ("accelerators.H100", "hbm_bytes = nan", "a number from 1", "nan"),
        ("accelerators.H100", "hbm_bytes = 1e99999999999999999999", "a number from 1", "inf"),
        ("accelerators.H100", "hbm_bytes = {low = 1, high = 2}", "a number", "a table with 'low'"),
        ("accelerators.H100", "scale_up_size = 8.5", "a whole number from 1", "8.5"),
        (
            "accelerators.H100",
            "price_usd = {low = 3, typical = 2, high = 4}",
            "low <= typ",
            "table",
        ),
        ("accelerators.H100", "confidence = 'E'", "one of A, B, C, D", "'E'"),
        ("accelerators.H100", "confidence = ''", "one of A, B, C, D", "''"),
        ("accelerators.H100", "date = 'now'", "a date such as 2025", "'now'"),
        ("accelerators.H100", "date = 2025-01-01", "printable text", "2025-01-01"),
        ("accelerators.H100", "confidence = 'D'", "fields to replace", "a table with 'confidence'"),
        ("accelerators.H100", "", "fields to replace", "an empty table"),
        ("accelerators.H800", "aliases = ['H 100']", "a spelling of its own", "'H 100'"),
        ("models.qwen3_8b", "kv_heads = 5", "a divisor of heads = 32", "5"),
        ("models.mixtral_8x7b", "top_k = 9", "from 1 to experts = 8", "9"),
        ("models.qwen3_8b", "name = 'x'", "a key of", "the unknown key 'name'"),
        ("models.new", "layers = 2", "a whole number from 1", "no such key"),
        ("priors.wacc", "mode = 2", "low <= mode <= high", "2"),
    ],
)
def test_a_bad_value_is_refused_by_its_entry(
    entry: str, line: str, expected: str, found: str, tmp_path: Path
) -> None:
    with pytest.raises(CatalogueError) as refused:
        load(tmp_path, f"format = 1\n[{entry}]\n{line}\n")
    error = refused.value
    assert error.key.startswith(entry)
    assert expected in error.expected and found in error.found


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="expected a readable file, found no such file"):
        load_overrides(tmp_path / "none.toml")
    with pytest.raises(CatalogueError, match="expected a readable file, found is a directory"):
        load_overrides(tmp_path)
    with pytest.raises(TypeError, match="path: expected the path of a file, found int"):
        load_overrides(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="base: expected a Catalogue or None, found dict"):
        load_overrides(tmp_path, {})  # type: ignore[arg-type]


VALUES = st.recursive(
    st.sampled_from(["1", "-1", "0.5", "1e400", "nan", "true", "'x'", "''", "[]", "2025-01-01"]),
    lambda one: st.one_of(
        st.lists(one, max_size=3).map(lambda values: f"[{', '.join(values)}]"),
        st.dictionaries(
            st.sampled_from(["value", "low", "typical", "high", "source", "date", "confidence"]),
            one,
            max_size=4,
        ).map(lambda table: "{" + ", ".join(f"{key} = {v}" for key, v in table.items()) + "}"),
    ),
    max_leaves=5,
)
KEYS = {
    "accelerators.H100": ["hbm_bytes", "price_usd", "aliases", "year", "title", "source"],
    "models.mixtral_8x7b": ["layers", "experts", "top_k", "attention", "tied_embeddings"],
    "priors.wacc": ["low", "mode", "high", "law", "least"],
    "workloads.azure_code": ["levels", "in_tokens", "requests"],
    "drafts.deepseek_v3_mtp_paper": ["accept_len", "low"],
    "regions.china": ["pue_range", "accelerators"],
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.sampled_from(sorted(KEYS)).flatmap(
        lambda entry: st.tuples(
            st.just(entry), st.dictionaries(st.sampled_from(KEYS[entry]), VALUES, max_size=3)
        )
    )
)
def test_any_file_gives_a_catalogue_or_its_own_error(
    tmp_path: Path, content: tuple[str, dict[str, str]]
) -> None:
    entry, fields = content
    lines = [f"{key} = {value}" for key, value in fields.items()]
    try:
        own = load(tmp_path, "\n".join(["format = 1", f"[{entry}]", *lines]))
    except CatalogueError as error:
        assert error.file.endswith("own.toml") and error.expected and error.found
    else:
        section, _, name = entry.partition(".")
        assert name in getattr(own, section)
