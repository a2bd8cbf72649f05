# Every command of the project; each makes or renews .venv first when it has to.
.DEFAULT_GOAL := help
.PHONY: help run test test-full bench format clean venv venv-dev

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile

venv:
	@sh tools/venv.sh run

venv-dev:
	@sh tools/venv.sh dev

# exec: a signal sent to make reaches the server itself, with no shell between them.
run: venv ## set up what is missing and serve the demo on http://127.0.0.1:8000 (PORT, GEMINICRM_HOME)
	@GEMINICRM_ENV="$${GEMINICRM_ENV:-development}" exec .venv/bin/geminicrm serve --demo

test: venv-dev ## every gate and every test
	@exec .venv/bin/python -m tools.gates

test-full: venv-dev ## the same, with the long loops in full
	@exec .venv/bin/python -m tools.gates --full

bench: venv-dev ## every workload against its baseline; writes bench/results.json
	@exec .venv/bin/python -m bench

format: venv-dev ## format and mend what can be mended
	@.venv/bin/ruff check --fix --quiet; .venv/bin/ruff format

clean: ## remove what can be made again; the data in var/ stays
	rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
