# make demo and make test need nothing but Python 3.11+, make and a package index.
PYTHON ?= python3
VENV ?= .venv
# Where torch comes from, for `make test` only; empty: the package index. On Linux a plain index brings gigabytes of
# CUDA; https://download.pytorch.org/whl/cpu has the small build.
TORCH_INDEX ?=
PYTEST_ARGS ?=

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
EVALUATE = $(BIN)/khulasa-eval run --model embedded
SAMPLE := samples/politics.ar.txt
SOURCES := pyproject.toml constraints.txt

.PHONY: demo serve test test-browser test-faults soak lint bench evaluate format clean

demo: $(VENV)/.demo
	$(BIN)/khulasa article $(SAMPLE)

serve: $(VENV)/.serve
	$(BIN)/khulasa serve

test: $(VENV)/.dev
	$(BIN)/python -m pytest --cov --cov-report=term $(PYTEST_ARGS)

# The page, in a browser of your own: CHROMIUM, by default where Debian puts it.
test-browser: $(VENV)/.dev
	$(BIN)/python -m pytest -m browser $(PYTEST_ARGS)

test-faults: $(VENV)/.dev
	FAULT_KILLS=$(or $(FAULT_KILLS),3) $(BIN)/python -m pytest -m faults $(PYTEST_ARGS)

soak: $(VENV)/.dev
	SOAK_SECONDS=$(or $(SOAK_SECONDS),120) $(BIN)/python -m pytest -m soak $(PYTEST_ARGS)
	FAULT_KILLS=$(or $(FAULT_KILLS),20) $(BIN)/python -m pytest -m faults -k kill $(PYTEST_ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev
	$(BIN)/python benchmarks/engine.py --beams 1 3
	$(BIN)/khulasa-eval bench --shape opus-mt-ar-en

evaluate: $(VENV)/.dev
	mkdir -p build
	$(EVALUATE) --testset samples --task both --baseline benchmarks/baselines/samples.json --fail-if-worse \
		$(foreach form,md html xml json,-o build/samples.$(form)) || { cat build/samples.md; exit 5; }
	cat build/samples.md
ifdef KHULASA_DATA
	$(EVALUATE) --testset $(KHULASA_DATA)/dev/flores-dev:501-997 --min bleu=25 --min chrf=51 \
		--baseline benchmarks/baselines/flores-dev-501-997.json --fail-if-worse \
		$(foreach form,md html xml json,-o build/flores.$(form)) || { cat build/flores.md; exit 5; }
	sed '/^## /,$$d' build/flores.md
endif

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) dist build .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/.demo: $(SOURCES)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --editable '.[embedded]'
	touch $@

$(VENV)/.serve: $(SOURCES) $(VENV)/.demo
	$(PIP) --editable '.[embedded,serve]'
	touch $@

$(VENV)/.dev: $(SOURCES)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) --editable '.[train,dev]'
	touch $@ $(VENV)/.demo $(VENV)/.serve
