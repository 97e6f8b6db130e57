# Set-up, the main job on the sample class, and the tests. `make help` lists the targets.
SHELL := /bin/bash
BIN := .venv/bin

# Tests start hundreds of processes that import the package: it is compiled once, whatever the shell says of that.
unexport PYTHONDONTWRITEBYTECODE

# Tests run beside each other, on all processors: each process has one thread. More of them only wait for one another.
test test-all: export TF_NUM_INTRAOP_THREADS := 1
test test-all: export TF_NUM_INTEROP_THREADS := 1
test test-all: export OMP_NUM_THREADS := 1
test test-all: export OPENBLAS_NUM_THREADS := 1

# How long make fuzz looks, all targets together.
MINUTES ?= 10

.PHONY: docs environments-report golden attack-report bench benchmarks-report fuzz help setup demo quick test test-all sample-class check clean-report fairness-report notebook-figures messages training-report rates-report right-report reader-report reference format release size wheel lock clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: ## build .venv from the lock file; does nothing when nothing changed
	@scripts/setup

demo: setup ## release the course, grade the sample class, write feedback and report, end with marks and the files to open
	@$(BIN)/netgrader demo

quick: setup ## the tests that need no TensorFlow and no cage: under a minute
	@$(BIN)/python -m pytest -q -m quick

test: setup ## all behavior, a fixed sample of the cases: eight minutes on two cores
	@$(BIN)/python -m compileall -q packages/*/src
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -m "not all"

test-all: ## every case, all networks trained anew, with browsers and PostgreSQL: an hour; goes on where it was
	@scripts/setup browser
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder --golden=live -p tests.whole_suite

golden: setup ## run the students' programs of the tests again and keep what they hand over, in tests/golden
	@nice $(BIN)/python -m tests.golden --anew

fuzz: setup ## MINUTES=n (10) of changed inputs to the border's readers and the whole road; goes on where evaluation/fuzzing.csv ends
	@nice $(BIN)/python -m evaluation.fuzzing --minutes $(MINUTES)

sample-class: setup ## fill the release with what the sample class wrote
	@$(BIN)/python -m tests.sample_class.make

check: setup ## lint, formatting, types, arrows between packages, sizes within budgets.toml, and that release/ is what source/ generates
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo --no-cache
	@$(BIN)/python scripts/size.py --check
	@$(BIN)/netgrader release --check

size: setup ## decisions, complex functions and numbers of each package; budgets.toml has the most of each
	@$(BIN)/python scripts/size.py

fairness-report: setup ## further seeds of the networks around 98.5 %, then evaluation/fairness.md
	@$(BIN)/python -m evaluation.fairness --seeds $(or $(SEEDS),12)
	@$(BIN)/python -m evaluation.fairness_report

clean-report: setup ## is anybody said to have trained on test images who has not? then evaluation/clean.md; goes on where it was
	@$(BIN)/python -m evaluation.clean_networks
	@$(BIN)/python -m evaluation.clean_report

notebook-figures: setup ## SEEDS=n (4) of the other networks that notebook 3 gives figures of, then evaluation/fairness.md
	@nice $(BIN)/python -m evaluation.fairness --notebook --seeds $(or $(SEEDS),4)
	@$(BIN)/python -m evaluation.fairness_report

reader-report: setup ## read what is not read yet of the corpus, then evaluation/reader-report.md and reader-keras.md; goes on where it was
	@nice $(BIN)/python -m tests.corpus report $(if $(MINUTES),--minutes $(MINUTES))
	@nice $(BIN)/python -m tests.corpus report --keras $(if $(MINUTES),--minutes $(MINUTES))

bench: setup ## ROUNDS=n (5), OTTER=folder of a virtual environment with otter-grader: what grading costs, as ratios in one run
	@$(BIN)/python -m evaluation.bench.grading --rounds $(or $(ROUNDS),5) $(if $(OTTER),--otter $(OTTER))

KERAS ?= build/benchmarks-keras
benchmarks-report: setup ## BENCHMARKS=folder of clones of three repositories (it says which commits), read; then evaluation/benchmarks.md; goes on where it was
	@test -d $(KERAS)/tf_keras || $(BIN)/python -m pip install -q --no-deps --target $(KERAS) tf_slim==1.1.0 \
	  "tf_keras==$$($(BIN)/python -c "import importlib.metadata as m; print(m.version('tensorflow').rsplit('.', 1)[0] + '.*')")"
	@nice $(BIN)/python -m evaluation.benchmarks $(BENCHMARKS) --keras $(KERAS)
	@test -d $(KERAS)-pandas || $(BIN)/python -m pip install -q --no-deps --target $(KERAS)-pandas pandas python-dateutil
	@nice $(BIN)/python -m evaluation.benchmark_training $(BENCHMARKS) --keras $(KERAS) --pandas $(KERAS)-pandas
	@nice $(BIN)/python -m evaluation.benchmark_neuralint $(BENCHMARKS)
	@$(BIN)/python -m evaluation.benchmarks_report

attack-report: setup ## OTTER=folder of a virtual environment with otter-grader: the same attacks on three graders, then evaluation/attacks.md
	@nice $(BIN)/python -m evaluation.elsewhere $(if $(OTTER),--otter $(OTTER))
	@$(BIN)/python -m evaluation.elsewhere_report

training-report: setup ## every mistake in right training loops of many styles, then the table in evaluation/training.md
	@$(BIN)/python -m evaluation.training --products $(or $(PRODUCTS),100)
	@$(BIN)/python -m evaluation.training_report

right-report: setup ## MINUTES=n (10) of right notebooks in six styles with many seeds, SINCE=commit; then the table in evaluation/training.md; goes on where it was
	@nice $(BIN)/python -m evaluation.right_notebooks $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SINCE),--since $(SINCE))
	@$(BIN)/python -m evaluation.training_report

rates-report: setup ## SEEDS=n (10) of learning rates of four optimizers, then evaluation/rates.md; goes on where it was
	@nice $(BIN)/python -m evaluation.rates --seeds $(or $(SEEDS),10)
	@$(BIN)/python -m evaluation.rates_report

environments-report: setup ## ENVIRONMENT=name (all): the notebooks with the versions of Colab, Kaggle, the oldest and the newest; goes on where it was (needs uv); evaluation/environments.md
	@nice $(BIN)/python -m evaluation.environments $(if $(ENVIRONMENT),"$(ENVIRONMENT)")

format: setup ## format the code
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

wheel: setup ## build dist/netgrader-….whl, to be installed anywhere; the same sources give the same bytes
	@SOURCE_DATE_EPOCH=1577836800 $(BIN)/python -m build --wheel --no-isolation --outdir dist .

release: setup ## generate release/ from source/, without grading it first
	@$(BIN)/netgrader release --untried

reference: setup ## write the pages of docs/reference that follow from the code and, verdicts.md, from rows
	@$(BIN)/python -m tests.guides.reference

docs: setup ## build/site, for any web server: documentation with search, notebooks after a run, feedback pages, a report, a gallery
	@scripts/setup docs
	@$(BIN)/python -m tests.guides.site
	@rm -rf build/site
	@build/sphinx/bin/sphinx-build --quiet --fail-on-warning --keep-going --fresh-env -c docs build/pages build/site
	@echo 'Open build/site/README.html in a browser.'

messages: setup ## bring the catalogues of a language up to date, and compile them: LANGUAGE=de
	@$(BIN)/python -m scripts.messages $(LANGUAGE)

lock: ## remake requirements.lock, and docs/requirements.lock, from pyproject.toml (needs uv)
	uv pip compile --universal --generate-hashes --group docs --python-version 3.11 --quiet \
	  --custom-compile-command 'make lock' --output-file docs/requirements.lock
	uv pip compile --universal --generate-hashes --extra dev --python-version 3.11 --quiet \
	  --custom-compile-command 'make lock' --output-file requirements.lock pyproject.toml

clean: ## remove what grading and testing made; keeps .venv, and the site that make docs built
	[ ! -d build ] || find build -mindepth 1 -maxdepth 1 -not -name site -not -name sphinx -exec rm -rf {} +
	rm -rf .netgrader feedback reports exports gradebook.db .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find autograded -mindepth 1 -not -name .gitkeep -delete
