# make demo: the main job on made-up articles, from nothing to a report.   make test: all tests.
PYTHON ?= python3
VENV := .venv
RIVAL := .venv-img2dataset
BIN := $(VENV)/bin
DEMO ?= demo
WEIGHTS := pipeline/split/weights
CORPUS ?=
CORPUS_OPTION = $(if $(CORPUS),--corpus $(CORPUS))
SMALL ?=
CONSTRAINTS := jobs/conf/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: setup dev img2dataset demo test test-long lint types format bench detector check-machine clean

setup: $(VENV)/.setup            ## the environment, with what the chain needs

dev: $(VENV)/.dev                ## and what the tests need

check-machine:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "pmc15m needs Python 3.11 or newer; name one with 'make PYTHON=python3.12 ...'" >&2; exit 1; }
	@{ [ -n "$$JAVA_HOME" ] && [ -x "$$JAVA_HOME/bin/java" ]; } || command -v java >/dev/null \
	  || { echo "no Java found, and Spark needs Java 17 or newer: install it with 'apt-get install openjdk-17-jre-headless' (Debian, Ubuntu), 'brew install openjdk@17' (macOS) or 'conda install -c conda-forge openjdk=17'" >&2; exit 1; }

$(VENV)/.setup: pyproject.toml $(CONSTRAINTS) | check-machine
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q -c $(CONSTRAINTS) -e .
	touch $@

$(VENV)/.dev: $(VENV)/.setup
	$(BIN)/pip install -q -c $(CONSTRAINTS) -e '.[dev]'
	touch $@

img2dataset: $(RIVAL)/.setup     ## img2dataset in an environment of its own: it wants an old webdataset

$(RIVAL)/.setup: jobs/conf/constraints-img2dataset.txt
	$(PYTHON) -m venv $(RIVAL)
	$(RIVAL)/bin/pip install -q -c jobs/conf/constraints-img2dataset.txt img2dataset pyspark
	touch $@

demo: setup                      ## draws a sample bucket, runs the chain on it, and reports
	@[ -d $(DEMO)/sample ] || $(BIN)/pmc15m sample $(DEMO)/sample
	@$(BIN)/pmc15m rebuild --source $(DEMO)/sample/bucket --root $(DEMO)/root --recipe jobs/conf/demo.toml
	@$(BIN)/pmc15m report --root $(DEMO)/root --out $(DEMO)/report
	@$(BIN)/pmc15m status --root $(DEMO)/root --check
	@echo "release: $(DEMO)/root/releases/latest    report: $(DEMO)/report/index.html"

test: dev img2dataset            ## all tests but the long ones
	$(BIN)/pytest -m "not long and not bench"

test-long: dev                   ## fuzzing, chaos and scale: tens of minutes
	$(BIN)/pytest -m long

lint: dev
	$(BIN)/ruff check schemas pipeline jobs tests notebooks
	$(BIN)/ruff format --check schemas pipeline jobs tests

types: dev
	$(BIN)/mypy

format: dev
	$(BIN)/ruff check --fix-only schemas pipeline jobs tests
	$(BIN)/ruff format schemas pipeline jobs tests

bench: dev                       ## speed and memory, as ratios against a baseline in the same run
	$(BIN)/pytest tests/benchmarks -m bench -s

detector: dev                    ## trains the networks of the splitter anew, on one core; CORPUS=DIR adds real tiles, SMALL=1 only tries it
	$(BIN)/pip install -q -c $(CONSTRAINTS) -e '.[detector]'
	mkdir -p $(WEIGHTS)
	$(BIN)/python -m pipeline.split.train_detector.letters --out $(WEIGHTS)/letters.onnx $(CORPUS_OPTION) $(if $(SMALL),--figures 100 --tiles 40 --epochs 1)
	$(BIN)/python -m pipeline.split.train_detector --out $(WEIGHTS)/detector.onnx $(CORPUS_OPTION) $(if $(SMALL),--figures 60 --tiles 40 --steps 30)
	$(if $(CORPUS),$(BIN)/python -m pipeline.split.train_detector.gutters $(CORPUS_OPTION) $(if $(SMALL),--figures 40 --tiles 40))

clean:
	rm -rf $(DEMO) build *.egg-info
