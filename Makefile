# Leadline. Each target builds .venv/ by itself; Python 3.11 or newer, make and a C compiler are enough.

.DEFAULT_GOAL := help
.PHONY: help demo test oracle laws check format docs texts tracker webkit pictures notebook bench bench-read lock clean
ARGS ?=

# A command loads some 700 modules: where it may not keep them compiled, as many containers have it, each start takes twice as long.
unexport PYTHONDONTWRITEBYTECODE

help: ## Say what can be made
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST)

demo: .venv/.ready ## Play an hour of traffic and show the hottest leads (ARGS=--keep: after months of history, and stay up)
	@.venv/bin/leadline demo $(ARGS)

test: .venv/.ready ## Run the tests, on a real PostgreSQL and Kafka where they can be had (ARGS="tests/test_docs.py -x")
	@.venv/bin/python -m pytest -rs -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

oracle: .venv/.ready ## Compare the fold with a brute-force oracle on random models (ARGS=1000: so many, default 200)
	@LEADLINE_TEST_ORACLE=$(or $(ARGS),200) .venv/bin/python -m pytest -q -n auto tests/domain/test_oracle.py

laws: .venv/.ready ## Try every law of the tests with ten times as many random examples (ARGS=20: 20 times the number that it names)
	@LEADLINE_TEST_LAWS=$(or $(ARGS),5) .venv/bin/python -m pytest -q -n auto --dist worksteal $$(grep -rl --include='*.py' '^@law(' tests)

check: .venv/.ready ## Lint, formatting, types, and which room may import which
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

format: .venv/.ready ## Format the code and mend what the linter can
	.venv/bin/ruff check --fix --quiet . || true
	.venv/bin/ruff format .

docs: .venv/.ready ## Make the reference pages that the code says, and of all pages a site to read offline, in build/site
	@.venv/bin/python -m scripts.reference
	@.venv/bin/python -m scripts.site

texts: .venv/.ready ## Bring the dashboard's catalogues up to date with what its pages say
	@.venv/bin/python -m scripts.texts

tracker: ## Make the minified tracker of web pages of its readable source (needs npm)
	@sh scripts/tracker.sh

webkit: .venv/.ready ## Try the tracker in a WebKit, where one is here (apt-get install webkit2gtk-driver xvfb)
	@.venv/bin/python -m pytest -q -rs -s -n 0 tests/tracker/webkit_smoke.py $(ARGS)

notebook: .venv/.ready ## Execute docs/how-to/analyse.ipynb on weeks of made-up traffic, and write its outputs anew
	@.venv/bin/python -m tests.notebook

pictures: .venv/.ready ## Make pictures of all pages of the dashboard, of demo data, into build/pictures (ARGS=leads: of some; ARGS=readme: the one in README)
	@.venv/bin/python -m scripts.pictures $(ARGS)

bench: .venv/.ready ## Measure CPU a touchpoint, and against the documented way (ARGS="--against REV": and an old commit)
	@.venv/bin/python -m tests.bench $(ARGS)

bench-read: .venv/.ready ## Measure what readers are told, with 10 million touchpoints (ARGS="--leads N --touchpoints M --anew")
	@.venv/bin/python -m tests.bench.read $(ARGS)

lock: ## Resolve the dependencies of pyproject.toml anew into uv.lock
	@sh scripts/environment.sh lock

clean: ## Remove everything that was built or downloaded (not the data of leadline serve)
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.ready: uv.lock pyproject.toml scripts/environment.sh
	@sh scripts/environment.sh
