# What people and CI run. Everything happens in .venv; nothing outside the folder is touched.
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
OPTIMUM := .venv-optimum
PEERS := .venv-peers
SERVERS := .venv-servers
RAY := .venv-ray
DIST := .venv-dist
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check
.DEFAULT_GOAL := help

help: ## list the verbs
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# Stamp files say what is installed; they are older than pyproject.toml when it has changed.
$(VENV)/serving: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Isoglot needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version). Give another: make PYTHON=python3.12 …"; exit 1; }
	@echo "Setting up $(VENV) (once, under a minute on a fast line) …"
	@test -x $(VENV)/bin/pip || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --quiet -c constraints.txt -e '.[cpu]'
	@touch $@

# torch first and alone: its pinned version is the CPU build where the index has one, and a
# bare "torch" may bring gigabytes of CUDA libraries.
$(VENV)/training: $(VENV)/serving
	@echo "Adding what training, tests and checks need (once, a few minutes: torch is large) …"
	@$(PIP) install --quiet $$(grep '^torch==' constraints.txt)
	@$(PIP) install --quiet -c constraints.txt -e '.[cpu,jobs,train,judge,dev]'
	@touch $@

install: $(VENV)/serving ## make .venv with what serving needs (no torch)

install-all: $(VENV)/training ## add what training, tests and checks need

serve: install ## serve on 127.0.0.1:8000 (PORT= changes it) with the demo collection
	@PORT=$(PORT) $(VENV)/bin/isoglot serve

# Optimum and sentence-transformers 6 exclude each other, so its export route has a place of its own.
$(OPTIMUM)/ready: pyproject.toml constraints-optimum.txt
	@echo "Setting up $(OPTIMUM) (once, a few minutes: torch is large) …"
	@test -x $(OPTIMUM)/bin/pip || $(PYTHON) -m venv $(OPTIMUM)
	@$(OPTIMUM)/bin/python -m pip --disable-pip-version-check install --quiet $$(grep '^torch==' constraints-optimum.txt)
	@$(OPTIMUM)/bin/python -m pip --disable-pip-version-check install --quiet -c constraints-optimum.txt -e '.[cpu,optimum,test]'
	@touch $@

install-optimum: $(OPTIMUM)/ready ## make .venv-optimum for `isoglot export --route optimum`

# Ray is large and serving never needs it.
$(RAY)/ready: pyproject.toml constraints.txt
	@echo "Setting up $(RAY) (once, a minute or two: Ray is large) …"
	@test -x $(RAY)/bin/pip || $(PYTHON) -m venv $(RAY)
	@$(RAY)/bin/python -m pip --disable-pip-version-check install --quiet -c constraints.txt -e '.[cpu,jobs,ray,dev]' onnx
	@touch $@

install-ray: $(RAY)/ready ## make .venv-ray for `isoglot index build --engine ray`

test: install-all ## run all tests but those of the Optimum route and of Ray
	$(VENV)/bin/python -m pytest

test-optimum: install-all install-optimum ## export runs through Optimum, in its own environment, and serve them
	$(VENV)/bin/python -m tests.training.tiny_runs $(OPTIMUM)/runs
	TINY_RUNS=$(OPTIMUM)/runs $(OPTIMUM)/bin/python -m pytest tests/optimum

test-ray: install-ray ## jobs on a real Ray of this machine, in its own environment
	$(RAY)/bin/python -m pytest tests/ray

check: install-all ## lint, imports, dead code, types, docs up to date
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports --no-cache
	$(VENV)/bin/vulture
	$(VENV)/bin/mypy
	$(VENV)/bin/python docs/generate.py --check

fix: install-all ## mend what ruff can mend, write generated docs
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .
	$(VENV)/bin/python docs/generate.py

docs: install-all ## write the generated parts of the docs
	$(VENV)/bin/python docs/generate.py

site: install-all ## build the docs into site/, links checked (python3 -m http.server -d site shows them)
	@NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict

dist: install-all ## wheel and sdist into dist/, installed into an empty environment, served and asked there
	@rm -rf dist $(DIST)
	$(VENV)/bin/python -m build --outdir dist .
	@$(PYTHON) -m venv $(DIST)
	$(DIST)/bin/python -m pip --disable-pip-version-check install --quiet -c constraints.txt "isoglot[cpu] @ file://$$(ls $(CURDIR)/dist/*.whl)"
	@$(DIST)/bin/python tests/dist/try_installed.py
	$(DIST)/bin/python -m pip --disable-pip-version-check install --quiet --no-deps --force-reinstall dist/*.tar.gz
	@$(DIST)/bin/python tests/dist/try_installed.py
	@du -h --apparent-size dist/*

bench: install-all ## measure against the raw libraries, interleaved in one run
	$(VENV)/bin/python -m benchmarks.line
	$(VENV)/bin/python -m benchmarks.sampler
	$(VENV)/bin/python -m benchmarks.judging

# What Isoglot's index is compared with is no dependency of it, and lives apart. torch is txtai's.
$(PEERS)/ready: pyproject.toml constraints.txt benchmarks/index_peers.txt
	@echo "Setting up $(PEERS) (once, a few minutes: torch is large) …"
	@test -x $(PEERS)/bin/pip || $(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip --disable-pip-version-check install --quiet $$(grep '^torch==' constraints.txt)
	@$(PEERS)/bin/python -m pip --disable-pip-version-check install --quiet -c constraints.txt -e '.[cpu]' matplotlib pyarrow -r benchmarks/index_peers.txt
	@touch $@

SIZES ?= 10000 100000 1000000
bench-index: $(PEERS)/ready ## measure the index against bare FAISS and other stores (SIZES= chooses; the million takes hours)
	$(PEERS)/bin/python -m benchmarks.index $(SIZES:%=--size %) --storage float32 --storage float16 --storage int8 --page docs/index-benchmark.md

# infinity needs another numpy, uvicorn and typer than Isoglot: its Python serves the others, ours measures.
$(SERVERS)/ready: constraints.txt benchmarks/serving_peers.txt
	@echo "Setting up $(SERVERS) (once, a few minutes: torch is large) …"
	@test -x $(SERVERS)/bin/pip || $(PYTHON) -m venv $(SERVERS)
	@$(SERVERS)/bin/python -m pip --disable-pip-version-check install --quiet $$(grep '^torch==' constraints.txt)
	@$(SERVERS)/bin/python -m pip --disable-pip-version-check install --quiet -r benchmarks/serving_peers.txt
	@touch $@

SERVING ?= --rounds 5 --seconds 3
bench-serving: install-all $(SERVERS)/ready ## measure serving against the bare libraries and other servers (SERVING= options)
	$(VENV)/bin/python -m benchmarks.serving --peers $(SERVERS)/bin/python $(SERVING) --page docs/serving-benchmark.md

clean: ## remove environments, caches and what was built, keep data
	rm -rf $(VENV) $(OPTIMUM) $(PEERS) $(SERVERS) $(RAY) $(DIST) site dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

.PHONY: help install install-all install-optimum install-ray serve test test-optimum test-ray check fix docs site dist bench bench-index bench-serving clean
