# Two commands for a fresh machine with python3 (>= 3.11, with venv) and make:
#   make demo    sets up and runs the main job on a real pipeline
#   make test    sets up and passes the tests (under 5 minutes on two cores)
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TESTS ?= tests

# Thousands of children would each compile every module anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-all check docs bench clean

# Stamp files make the second call instant; they depend on what decides the installation.
$(VENV)/pip.stamp:
	$(PYTHON) -c "import sys; sys.exit('runthrough needs Python 3.11 or newer, this is ' + sys.version.split()[0] if sys.version_info < (3, 11) else 0)"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	touch $@

$(VENV)/demo.stamp: $(VENV)/pip.stamp pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[demo]"
	touch $@

$(VENV)/test.stamp: $(VENV)/demo.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dask,demo,postgres,server,signing]" --group test
	touch $@

$(VENV)/dev.stamp: $(VENV)/test.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --group dev
	touch $@

$(VENV)/bench.stamp: $(VENV)/dev.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --group bench
	touch $@

# Peers that would decide about our dependencies live apart.
.venv-peers/peers.stamp: benchmarks/peer_programs/requirements.txt
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

demo: $(VENV)/demo.stamp
	$(BIN)/runthrough demo

test: $(VENV)/test.stamp
	$(BIN)/python -m pytest -q -n 2 -m "not slow and not demo and not browser" $(TESTS)

test-all: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -q -n 2 --cov --cov-report=term $(TESTS)

check: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q -m "not slow" tests/docs
	$(MAKE) docs

docs: $(VENV)/dev.stamp
	$(BIN)/zensical build --strict --clean
	RUNTHROUGH_TEST_SITE=site $(BIN)/python -m pytest -q tests/docs/test_site.py tests/docs/test_docs_links.py

bench: $(VENV)/bench.stamp .venv-peers/peers.stamp
	for file in benchmarks/bench_*.py; do $(BIN)/python $$file || exit 1; done

clean:
	rm -rf $(VENV) .venv-peers .pytest_cache .mypy_cache .ruff_cache runthrough-demo
