# Everything a newcomer or a server needs, from a bare clone: `make report`, `make test`.
# The environment is made in .venv and kept up to date with pyproject.toml and constraints.txt.
# PYTHON=... names the interpreter to build it on; PYTEST_ARGS=... is handed to pytest.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

# Compiled once and kept, whatever the machine is set to: a command loads a thousand files.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
# Each worker takes tests that stand together, so that what a module has made is made once.
PYTEST_ARGS ?= -n auto --dist worksteal
SPHINX_ARGS ?=
DOCS_LOG := docs/_build/log.txt
# Tests of the pages as they were built.
OF_PAGES := tests/end_to_end/test_site.py

# The stamps hold the folder they were made in: a moved or broken environment counts as missing.
RUNTIME := .venv/.servanda-runtime
DEV := .venv/.servanda-dev
valid = $(shell [ "$$(cat $(1) 2>/dev/null)" = '$(CURDIR)' ] && $(BIN)/python -c '' 2>/dev/null && echo yes)

.PHONY: help install install-dev report headline examples test lint types contract docs pages pytest validate fuzz bench messages format build constraints clean FORCE

help: ## show this list
	@echo 'Servanda: how likely is a security guarantee to be kept, and how sure can we be?'
	@echo
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'

install: $(RUNTIME) ## set up what Servanda needs to run

install-dev: $(DEV) ## the same, with the tools that test, check and document it

report: $(RUNTIME) ## write the report on a security guarantee for North Korea
	$(BIN)/servanda report dprk-six-party --out out/dprk-six-party

headline: report ## write the report's headline and figure into README.md
	$(BIN)/python scripts/headline.py out/dprk-six-party/report.json

examples: $(DEV) ## write the example reports of the documentation
	$(BIN)/python scripts/examples.py

# The documentation is built beside the other checks, which leave it a processor, and it them; then what looks at its pages
# is run. It is told of at the end where it fails; else pytest has the last word.
test: $(DEV) ## run every check, as CI does
	@mkdir -p $(dir $(DOCS_LOG)); \
	$(MAKE) --no-print-directory pages >$(DOCS_LOG) 2>&1 & docs=$$!; \
	trap 'kill $$docs 2>/dev/null; exit 130' INT TERM; \
	$(MAKE) --no-print-directory lint types contract || { kill $$docs 2>/dev/null; exit 1; }; \
	$(MAKE) --no-print-directory pytest BUT=--ignore=$(OF_PAGES); tests=$$?; \
	wait $$docs || { cat $(DOCS_LOG); exit 1; }; \
	exit $$tests

lint: $(DEV) ## check style and formatting
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .

types: $(DEV) ## check the types
	$(BIN)/basedpyright --level error --pythonpath $(BIN)/python

contract: $(DEV) ## check that the rooms import one way
	$(BIN)/lint-imports

docs: $(DEV) ## build the documentation, running its examples; a warning is an error
	$(BIN)/python -m sphinx -W --keep-going -E -q -b html $(SPHINX_ARGS) docs docs/_build/html
	@echo 'documentation: docs/_build/html/index.html'

pages: docs ## build the documentation and test its pages
	$(MAKE) --no-print-directory pytest PYTEST_ARGS=$(OF_PAGES)

# There is a worker for every processor; threads of linear algebra beside them would only wait for one another.
pytest: export OMP_NUM_THREADS ?= 1
# PyTensor needs no compiler of C for what tests ask of it: fits run through Numba, and judges evaluate an expression once.
pytest: export PYTENSOR_FLAGS ?= cxx=
pytest: $(DEV) ## run the tests and the examples in the docstrings
	$(BIN)/python -m pytest $(PYTEST_ARGS) $(BUT)

validate: $(DEV) ## measure the shipped scores again, and what kills and bad inputs do (three quarters of an hour)
	$(BIN)/python benchmarks/scores.py
	$(BIN)/python benchmarks/track.py score
	$(BIN)/python benchmarks/repository.py --networks hailfinder hepar2 win95pts water andes pigs
	$(BIN)/python -m tests.faults.measure
	$(BIN)/python -m tests.faults.kills

fuzz: $(DEV) ## fuzz every reader, FUZZ_MINUTES each (5)
	-$(BIN)/python -m pip install --quiet 'atheris>=3'
	$(BIN)/python -m tests.faults.fuzz

# Other programs are there to be measured against, the last two for an earlier state; what cannot be had is left out.
bench: export OMP_NUM_THREADS ?= 1
bench: $(DEV) ## measure speed beside other programs, and write docs/benchmarks.md
	-$(BIN)/python -m pip install --quiet 'pystan>=3.14' 'pyjags>=2.4' 'numpyro>=0.22' 'funsor>=0.4.8' pandera h5netcdf
	$(BIN)/python benchmarks/fit.py --weekly --store
	$(BIN)/python benchmarks/queries.py --weekly --store
	$(BIN)/python benchmarks/scale.py --large --store
	$(BIN)/python benchmarks/workers.py --store
	$(BIN)/python benchmarks/before.py --store
	$(BIN)/python benchmarks/page.py

messages: $(DEV) ## bring the reports' catalogues of messages up to date
	$(BIN)/python scripts/messages.py

format: $(DEV) ## format the code and make the safe repairs
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .

build: $(DEV) ## build the sdist, and the wheel from it, into dist/
	rm -rf build dist
	$(BIN)/python -m build --no-isolation

constraints: $(DEV) ## pin the newest versions pyproject.toml allows
	rm -rf build/constraints
	$(BIN)/python -m venv build/constraints
	build/constraints/bin/python -m pip install --quiet --upgrade '.[dev]' uv
	sed -n '/^#/p' constraints.txt > build/constraints/new.txt
	build/constraints/bin/python -m pip --isolated list --format=freeze --exclude pip --exclude servanda >> build/constraints/new.txt
	mv build/constraints/new.txt constraints.txt

clean: ## remove what can be made again; .venv and out/ stay
	rm -rf build dist docs/_build servanda.egg-info .pytest_cache .ruff_cache .import_linter_cache
	find common record models priors analysis tests docs benchmarks -name __pycache__ -prune -exec rm -rf {} +

$(RUNTIME): pyproject.toml constraints.txt $(if $(call valid,$(RUNTIME)),,FORCE)
	@sh scripts/environment.sh .
	@printf '%s\n' '$(CURDIR)' > $@

$(DEV): pyproject.toml constraints.txt $(if $(call valid,$(DEV)),,FORCE)
	@sh scripts/environment.sh '.[dev]'
	@printf '%s\n' '$(CURDIR)' > $@
	@cp $@ $(RUNTIME)

FORCE:
