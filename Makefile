# make race and make test set everything up on a fresh machine: a virtual environment in .venv and the compiled package.

PYTHON ?= python3
BIN := .venv/bin
SOURCES := pyproject.toml setup.py csrc/build.py $(shell find csrc -name '*.[ch]')

.PHONY: race test bench lint clean

race: .venv/cli
	$(BIN)/tokenmill race --plot race.png

test: .venv/test
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

bench: .venv/bench
	$(BIN)/python -m benchmarks.run

lint: .venv/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# One stamp per set of extras; a change of the C sources builds again.
.venv/cli: EXTRAS := cli
.venv/test: EXTRAS := cli,test
.venv/bench: EXTRAS := cli,test,bench
.venv/cli .venv/test .venv/bench: $(SOURCES)
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[$(EXTRAS)]'
	touch $@

clean:
	rm -rf .venv build dist src/*.egg-info src/tokenmill/_native/*.so .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
