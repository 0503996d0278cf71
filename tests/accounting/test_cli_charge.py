"""``tokenmill charge`` as a user runs it."""

import csv
import io
import json
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tokenmill.accounting import PriceBook
from tokenmill.cli import charge_text, main

BOOK = """
name = "acme"
version = "2026-03"
[[models]]
provider = "acme"
name = "m"
prices = {input = "2.5", output = "10"}
[[models]]
provider = "acme"
name = "n"
prices = {input = "0.333", output = "1"}
"""
CHEAPER = BOOK.replace("2.5", "1.25").replace("acme", "rival")
LEDGER = "model,team,input,output\nm,007,10,5\nm,b,x,1\nmm,007,7,1\nn,b,2,3\n"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "book.toml": BOOK,
        "cheaper.toml": CHEAPER,
        "l.csv": LEDGER,
        "good.csv": "model,team,input,output\nm,a,1000000,0\nn,b,0,2000000\nm,b,3,0\n",
    }.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def run(capsys, *arguments, status=0):  # type: ignore[no-untyped-def]
    assert main(["charge", *arguments]) == status
    return capsys.readouterr()


def run_json(capsys, *arguments, status=0):  # type: ignore[no-untyped-def]
    text = run(capsys, *arguments, "--json", status=status).out
    return json.loads(text, parse_float=pytest.fail)


def test_groups_come_by_cost_with_every_digit(files, capsys) -> None:  # type: ignore[no-untyped-def]
    found = run(capsys, "good.csv", "--prices", "book.toml", "--by", "team,model")
    assert found.err == "" and found.out.isascii()
    lines = found.out.splitlines()
    assert lines[0] == "good.csv: 3 rows, convention native"
    assert lines[1] == "prices book.toml (tokenmill's format: acme 2026-03, 2 models)"
    rows = [line.split() for line in lines[3:] if not line.startswith("-")]
    assert rows == [
        ["team", "model", "rows", "input", "output", "cost", "USD"],
        ["a", "m", "1", "1,000,000", "0", "2.5000000"],
        ["b", "n", "1", "0", "2,000,000", "2.0000000"],
        ["b", "m", "1", "3", "0", "0.0000075"],
        ["all", "3", "1,000,003", "2,000,000", "4.5000075"],
    ]


def test_what_does_not_fit_is_folded_and_said(files, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(charge_text, "MOST_GROUPS", 1)
    lines = run(capsys, "good.csv", "--prices", "book.toml", "--by", "team").out.splitlines()
    assert [line.split() for line in lines[5:-2]] == [
        ["a", "1", "1,000,000", "0", "2.5000000"],
        ["(1", "more)", "2", "3", "2,000,000", "2.0000075"],
    ]


def test_what_if_shows_difference_and_percent(files, capsys) -> None:  # type: ignore[no-untyped-def]
    options = ("good.csv", "--prices", "book.toml", "--what-if", "cheaper.toml")
    lines = run(capsys, *options).out.splitlines()
    assert lines[2] == "what if 1: cheaper.toml (tokenmill's format: rival 2026-03, 2 models)"
    assert lines[-1].split()[-4:] == ["4.5000075", "3.25000375", "-1.25000375", "-27.8"] or (
        lines[-1].split()[-4:] == ["4.5000075", "3.25000375", "-1.25000375", "-27.8"]
    )
    found = run_json(capsys, *options, "--by", "model")
    assert found["what_if"][0]["cost"] == "3.25000375" and found["cost"] == "4.5000075"
    assert [group["what_if"] for group in found["groups"]] == [["1.25000375"], ["2"]]


def test_what_was_not_priced_is_told_and_the_status_is_3(files, capsys) -> None:  # type: ignore[no-untyped-def]
    found = run(capsys, "l.csv", "--prices", "book.toml", status=3)
    assert "2 of 4 rows were not charged: 1 UNKNOWN_MODEL, 1 BAD_VALUE" in found.out
    assert "UNKNOWN_MODEL  mm  1 row  8 tokens; did you mean 'm'?" in found.out
    whole = run_json(capsys, "l.csv", "--prices", "book.toml", "--by", "team", status=3)
    assert whole["unpriced"][0] == {
        "provider": None,
        "model": "mm",
        "status": "UNKNOWN_MODEL",
        "rows": 1,
        "tokens": 8,
    }
    # a key to group by stays as it is written
    assert [group["keys"] for group in whole["groups"]] == [{"team": "007"}, {"team": "b"}]
    assert whole["rows"] == 4 and sum(whole["statuses"].values()) == 4


def test_strict_gives_no_totals_but_the_first_rows(files, capsys) -> None:  # type: ignore[no-untyped-def]
    found = run(capsys, "l.csv", "--prices", "book.toml", "--strict", "--csv", "out.csv", status=3)
    assert found.out == "" and not (files / "out.csv").exists()
    assert found.err == (
        "tokenmill: error: l.csv: --strict: 2 of 4 rows were not charged: 1 UNKNOWN_MODEL, "
        "1 BAD_VALUE; first rows, from 0: 1 (BAD_VALUE), 2 (UNKNOWN_MODEL)\n"
    )
    assert run(capsys, "good.csv", "--prices", "book.toml", "--strict").out


def test_csv_has_every_group_and_the_same_money(files, capsys) -> None:  # type: ignore[no-untyped-def]
    options = ("good.csv", "--prices", "book.toml", "--by", "team", "--what-if", "cheaper.toml")
    found = run(capsys, *options, "--csv", "out.csv")
    assert found.err == "tokenmill: wrote out.csv\n"
    rows = list(csv.DictReader(io.StringIO((files / "out.csv").read_text())))
    assert [(row["team"], row["cost_USD"], row["what_if_1"]) for row in rows] == [
        ("a", "2.5", "1.25"),
        ("b", "2.0000075", "2.00000375"),
    ]
    assert sum(Decimal(row["cost_USD"]) for row in rows) == Decimal("4.5000075")


def test_every_format_and_thread_count_gives_the_same_json(files, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    rows = [
        {"model": "mn"[n % 2], "u": {"in": n, "out": 2 * n}, "at": f"2026-03-{n % 28 + 1:02}"}
        for n in range(500)
    ]
    (files / "l.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    pq.write_table(pa.Table.from_pylist(rows), files / "l.parquet", row_group_size=97)
    text = "model,u.in,u.out,at\n" + "".join(
        f"{row['model']},{row['u']['in']},{row['u']['out']},{row['at']}\n" for row in rows
    )
    (files / "l2.csv").write_text(text)
    options = ["--prices", "book.toml", "--by", "day,model", "--map", "u.in=input", "--map",
               "u.out=output", "--map", "at=time", "--time-zone", "Asia/Tokyo"]  # fmt: skip
    found = []
    for name, threads in (("l.jsonl", "1"), ("l.parquet", "2"), ("l2.csv", "2"), ("-", "1")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        one = run_json(capsys, name, *options, "--threads", threads)
        del one["ledger"], one["format"]
        found.append(one)
    assert found[0] == found[1] == found[2] == found[3]
    assert found[0]["by"] == ["day:Asia/Tokyo", "model"]
    parts = sum(Decimal(group["cost"]) for group in found[0]["groups"])
    assert parts == Decimal(found[0]["cost"])


def test_constants_fill_in_what_a_ledger_lacks(files, capsys) -> None:  # type: ignore[no-untyped-def]
    (files / "bare.csv").write_text("input\n1000000\n")
    fill = ("--model", "m", "--provider", "acme", "--time", "2026-03-01", "--service-tier", "")
    found = run_json(capsys, "bare.csv", "--prices", "book.toml", *fill, "--by", "day")
    assert found["groups"][0]["keys"] == {"day": "2026-03-01"} and found["cost"] == "2.5"


def test_an_empty_ledger_costs_nothing(files, capsys) -> None:  # type: ignore[no-untyped-def]
    (files / "empty.jsonl").write_text("")
    (files / "empty.csv").write_text("model,input\n")
    for name in ("empty.jsonl", "empty.csv"):
        found = run_json(capsys, name, "--prices", "book.toml")
        assert (found["rows"], found["cost"]) == (0, "0")
        assert run(capsys, name, "--prices", "book.toml", "--by", "model").out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["l.csv"], "--by: expected a field or column of the ledger, found 'taem'; did you mean "
         "'team'?"),
        (["--by", "team", "--map", "inptu=input"], "--map: expected columns of the ledger, found "
         "'inptu'; did you mean 'input'?"),
        (["--map", "team=inptu"], "--map: expected a field for 'team', found 'inptu'; did you "
         "mean 'input'?"),
        (["--map", "input"], "--map: expected COLUMN=FIELD, found 'input'"),
        (["--map", "input=input", "--map", "input=output"], "--map: expected one field for"),
        (["--convention", "opnai"], "--convention: expected one of native, openai"),
        (["--time-zone", "Mars/Base", "--by", "day", "--time", "2026-03-01"], "--time-zone: "
         "expected an IANA name"),
        (["--model", "m"], "which is its column 'model'"),
        (["--map", "model="], "name the column with --map COLUMN=model, or give --model"),
        (["--time", "noon"], "--time: expected a datetime or ISO 8601, found 'noon'"),
        (["--what-if", "euro.toml"], "--what-if euro.toml: expected prices in USD, found EUR"),
        (["--what-if", "none.toml"], "--what-if none.toml: no such file or directory"),
        (["--what-if", "other.json"], "--what-if other.json: expected a price book of tokenmill"),
        (["--what-if", "l.csv"], "--what-if l.csv: file: expected JSON"),
        (["--csv", "out.txt"], "--csv out.txt: expected a name that ends in .csv"),
    ],
)  # fmt: skip
def test_a_refusal_is_one_line_that_names_the_option(files, capsys, arguments, words) -> None:  # type: ignore[no-untyped-def]
    (files / "euro.toml").write_text(BOOK.replace('name = "acme"\nversion', 'currency = "EUR"\n'
                                                  'name = "acme"\nversion', 1))  # fmt: skip
    (files / "other.json").write_text('{"a": 1}')
    given = ["--by", "taem"] if arguments == ["l.csv"] else arguments
    found = run(capsys, "l.csv", "--prices", "book.toml", *given, status=2)
    assert found.out == "" and found.err.count("\n") == 1
    assert found.err.startswith("tokenmill: error: ") and words in found.err


def test_a_ledger_of_another_convention_gets_a_hint(files, capsys) -> None:  # type: ignore[no-untyped-def]
    (files / "api.csv").write_text("model,prompt_tokens\nm,1\n")
    found = run(capsys, "api.csv", "--prices", "book.toml", status=2)
    assert "--convention openai or litellm" in found.err
    found = run(capsys, "none.csv", "--prices", "book.toml", status=2)
    assert found.err == "tokenmill: error: none.csv: no such file or directory\n"


def test_a_misspelled_option_gets_the_nearest(files, capsys) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SystemExit, match="2"):
        main(["charge", "l.csv", "--prices", "book.toml", "--convetion", "openai"])
    assert "unknown argument '--convetion'; did you mean --convention?" in capsys.readouterr().err


def test_without_pyarrow_the_extra_is_named(files) -> None:  # type: ignore[no-untyped-def]
    code = (
        "import sys, importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'pyarrow' else find(name, *a)\n"
        "from tokenmill.cli import main\n"
        "sys.exit(main(['charge', 'l.csv', '--prices', 'book.toml']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2 and "pip install 'tokenmill[accounting]'" in done.stderr


TRACES = {
    "AzureLLMInferenceTrace_code.csv": ("ContextTokens", "GeneratedTokens"),
    "AzureLLMInferenceTrace_conv.csv": ("ContextTokens", "GeneratedTokens"),
    "mooncake_conversation_trace.jsonl": ("input_length", "output_length"),
    "mooncake_synthetic_trace.jsonl": ("input_length", "output_length"),
}


@pytest.mark.parametrize("name", list(TRACES))
def test_real_traces_cost_what_plain_integers_say(files, capsys, data_folder, name) -> None:  # type: ignore[no-untyped-def]
    path = data_folder / "accounting" / name
    if not path.exists():
        pytest.skip(f"no {name} in {path.parent}")
    given, made = TRACES[name]
    options = ["--prices", "book.toml", "--model", "m", "--by", "day", "--map", f"{given}=input",
               "--map", f"{made}=output"]  # fmt: skip
    with path.open() as stream:
        if path.suffix == ".csv":
            rows = list(csv.DictReader(stream))
            options += ["--map", "TIMESTAMP=time"]
        else:
            rows = list(map(json.loads, stream))
            options += ["--time", "2026-03-01"]
    cost = sum(Fraction(5, 2) * int(row[given]) + 10 * int(row[made]) for row in rows) / 10**6
    found = run_json(capsys, str(path), *options)
    assert found["rows"] == len(rows) == found["statuses"]["OK"]
    assert Fraction(found["cost"]) == cost > 0
    days = {row["TIMESTAMP"][:10] for row in rows} if path.suffix == ".csv" else {"2026-03-01"}
    assert {group["keys"]["day"] for group in found["groups"]} == days


def test_the_generated_ledger_costs_what_arrow_sums_say(files, capsys) -> None:  # type: ignore[no-untyped-def]
    example = Path(__file__).resolve().parents[2] / "examples" / "generate_ledger.py"
    command = [sys.executable, example, "ledger.parquet", "2e4"]
    subprocess.run(command, check=True, capture_output=True, cwd=files)
    found = run_json(capsys, "ledger.parquet", "--prices", "prices.toml", "--by", "team,day")
    cost = Fraction(0)
    for row in pq.read_table(files / "ledger.parquet").to_pylist():
        fresh = row["input"] - row["cache_read"]
        given, cached, made = {
            "swift": ("0.15", "0.075", "0.6"),
            "sage": ("2.5", "1.25", "10"),
            "scribe": ("2.5", "0.25", "15") if row["input"] > 12_000 else ("1.25", "0.125", "10"),
        }[row["model"]]
        one = Fraction(given) * fresh + Fraction(cached) * row["cache_read"]
        one += Fraction(made) * row["output"]
        half = row["model"] == "swift" and row["service_tier"] == "batch"
        cost += one / (2 * 10**6 if half else 10**6)
    assert Fraction(found["cost"]) == cost
    assert found["statuses"] == {"OK": 20_000} and len(found["groups"]) == 20 * 28


def test_focus_rows_add_up_to_the_total(files, capsys) -> None:  # type: ignore[no-untyped-def]
    (files / "t.csv").write_text(
        "model,input,cache_read,output,time\n"
        "m,1000,400,7,2026-03-01\nm,2000,0,0,2026-03-01T23:30\nn,5,5,1,2026-03-02\nzz,1,1,1,\n"
    )
    zone = ("--time-zone", "Europe/Berlin", "--focus", "out.parquet")
    found = run(capsys, "t.csv", "--prices", "book.toml", *zone, status=3)
    assert found.err == "tokenmill: wrote out.parquet\n"
    whole = run_json(capsys, "t.csv", "--prices", "book.toml", status=3)
    rows = pq.read_table(files / "out.parquet").to_pylist()
    assert sum(row["BilledCost"] for row in rows) == Decimal(whole["cost"])
    keys = [(row["ChargePeriodStart"].isoformat(), row["SkuId"]) for row in rows]
    assert keys == [
        ("2026-02-28T23:00:00+00:00", "acme/m/input"),
        ("2026-02-28T23:00:00+00:00", "acme/m/output"),
        ("2026-03-01T23:00:00+00:00", "acme/m/input"),
        ("2026-03-01T23:00:00+00:00", "acme/n/input"),
        ("2026-03-01T23:00:00+00:00", "acme/n/output"),
    ]
    # cached tokens without a price of their own are input, once
    assert [row["ConsumedQuantity"] for row in rows] == [1000, 7, 2000, 5, 1]
    refused = run(capsys, "good.csv", "--prices", "book.toml", *zone, status=2)
    assert "--focus: by: expected a ledger with the field time" in refused.err


def test_a_contract_shows_list_prices_beside_the_cost(files, capsys) -> None:  # type: ignore[no-untyped-def]
    book = PriceBook.read("book.toml")
    new = PriceBook.from_text('name = "deal"\n[[models]]\nname = "x"\nprices = {input = "1"}\n')
    book.overlay(new).with_terms(discounts={"acme": "0.5"}).write("contract.json")
    Path("more.csv").write_text(Path("good.csv").read_text() + "x,a,1000000,0\n")
    options = ("more.csv", "--prices", "contract.json", "--by", "team", "--csv", "out.csv")
    found = run_json(capsys, *options)
    assert (found["cost"], found["list_cost"], found["list_rows"]) == ("3.25000375", "4.5000075", 3)
    assert [group["list_cost"] for group in found["groups"]] == ["2.5", "2.0000075"]
    rows = list(csv.DictReader(io.StringIO(Path("out.csv").read_text())))
    assert [row["list_USD"] for row in rows] == ["2.5", "2.0000075"]
    text = run(capsys, *options[:3]).out
    header, total = (line.split() for line in text.splitlines() if "cost" in line or "all" in line)
    assert header[-3:] == ["list", "difference", "%"]
    assert total[-3:] == ["4.5000075", "+1.25000375", "+38.5"]
    assert "list: 3 rows at list prices, beside 4 that were charged" in text
    assert "list" not in run(capsys, "good.csv", "--prices", "book.toml").out
