# `make` lists the targets; the line after ## is what each is for.
PYTHON ?= python3
ARGS ?=
RUN := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-s3 demo-streaming test lint format bench soak package lock docs

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-15s %s\n", $$1, $$2}' Makefile

setup: ## make .venv with the locked packages and fetch the jars; does nothing where all is there
	@$(PYTHON) scripts/setup.py

demo: setup ## show the whole road on three days of made-up sales, in some minutes
	@$(RUN) -m lakehouse.cli.main demo $(ARGS)

demo-s3: setup ## the demo in a bucket, of an S3 that is served for it on this machine
	@$(RUN) -m scripts.demo_s3 $(ARGS)

demo-streaming: setup ## events of Kafka on top of a CSV history, to the warehouse, and the proof
	@$(RUN) -m scripts.demo_streaming $(ARGS)

test: setup ## run all tests but the soak ones, two files at a time (ARGS="-k name" picks some)
	@$(RUN) -m pytest -n 2 --dist loadfile $(ARGS)

lint: setup ## check style, format and types, change nothing
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy

format: setup ## mend style and format where a tool can
	@$(RUN) -m ruff check --fix .
	@$(RUN) -m ruff format .

bench: setup ## measure time, jobs, commits and memory of each stage
	@$(RUN) -m benchmarks $(ARGS)

soak: setup ## run the long tests: kills at random moments, many permutations
	@$(RUN) -m pytest -m soak $(ARGS)

package: setup ## build dist/lakehouse.zip for spark-submit --py-files
	@$(RUN) scripts/package.py

docs: setup ## write the data dictionary and the reference of settings in docs/reference anew
	@$(RUN) -m lakehouse.contract.derive.data_dictionary docs/reference/data-dictionary.md
	@$(RUN) -m lakehouse.runtime.settings_reference docs/reference/settings.md

lock: ## resolve requirements/*.in anew into the hash-pinned *.txt (needs uv)
	@for set in runtime dev; do uv pip compile --quiet --upgrade --universal --python-version 3.11 \
	  --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links \
	  requirements/$$set.in -o requirements/$$set.txt || exit 1; done
