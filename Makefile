# `make check` is what CI runs; `make install` comes first on a fresh machine.
PYTHON ?= python3
PIP = $(PYTHON) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: install check lint types test size records

install:
	$(PYTHON) -m pip install --quiet --disable-pip-version-check "pip>=25.1"
	$(PIP) --editable ".[all]" --group dev

check: lint types test

lint:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types:
	$(PYTHON) -m mypy

test:
	$(PYTHON) -m pytest -q

# What `pip install newsmt` weighs, measured in a fresh virtual environment.
size:
	$(PYTHON) eval/size/installed_size.py

# The records of the bundled model, its baseline, and every table made from them, on a machine with nothing else to do.
# TEST_SETS is a folder with wmt19, wmt20, wmt22 and flores-dev, each as docs/evaluation.md describes a directory. Run it
# again after an interruption: what is there and still holds is not translated twice.
MODEL = newsmt-mini-de-en
# A speed stands in the leaderboard only where the load average says that nothing else was running, and that remembers
# the test set before for a minute.
QUIET_SECONDS = 60
RECORDED = eval/testsets/seeds $(addprefix $(TEST_SETS)/,wmt19 wmt20 wmt22 flores-dev)

records:
	@test -n "$(TEST_SETS)" || { echo "usage: make records TEST_SETS=DIR" >&2; exit 2; }
	for test_set in $(RECORDED); do \
	    sleep $(QUIET_SECONDS); \
	    $(PYTHON) -m newsmt evaluate --test-set "$$test_set" --model $(MODEL) --output eval/results || exit 1; \
	done
	$(PYTHON) -m newsmt benchmark --test-set eval/testsets/seeds --model $(MODEL) --metric bleu,chrf \
	    --baseline eval/baselines/seeds.json --update-baseline --output benchmark-results
	$(PYTHON) -m newsmt.summarization.evaluation seeds --translation-model $(MODEL) \
	    --output eval/results/summaries --page docs/summarization.md
	$(PYTHON) -m newsmt.evaluation.leaderboard --results eval/results --published eval/published.json \
	    --output eval/LEADERBOARD.md --readme README.md
