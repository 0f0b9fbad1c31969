# make demo    set everything up and watch Turvakt at work (ONCE=1: as fast as it can; LIVE=1: the public Bluesky stream)
# make test    set everything up and run every test
# make coverage  the same, and which lines no test runs: slower
# make run     set everything up and run the monitor
# make train-setup  what "turvakt train --base" needs besides: several gigabytes
# make lint    style, types
# make bench   speed and memory
# make evaluation  what the classifier does and can do, measured and written into docs/evaluation.md
#              OPEN=FOLDER: on the open corpora there, too, source by source
# make secrets passwords and tokens for docker-compose.yml, in secrets/; what is there stays
# make lock    renew the lock files after a change of pyproject.toml

BIN := .venv/bin
INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11

.PHONY: demo test coverage run train-setup lint bench evaluation secrets lock clean

demo: .venv/run.done
	@$(BIN)/turvakt demo $(if $(ONCE),--once) $(if $(LIVE),--live) $(if $(OFFICIALS),--officials $(OFFICIALS))

run: .venv/run.done
	@$(BIN)/turvakt run

test: .venv/dev.done
	@$(BIN)/pytest --numprocesses 2

coverage: .venv/dev.done
	@$(BIN)/pytest --numprocesses 2 --cov --cov-report term

lint: .venv/dev.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

train-setup: .venv/dev.done
	@$(INSTALL) --require-hashes -r requirements/train.txt

bench: .venv/dev.done
	$(BIN)/python -m benchmarks

evaluation: .venv/run.done
	@$(BIN)/turvakt evaluate --page docs/evaluation.md $(if $(OPEN),--open $(OPEN))

secrets:
	@python3 scripts/make_secrets.py

lock: .venv/tools.done
	$(LOCK) requirements/tools.in -o requirements/tools.txt
	$(LOCK) pyproject.toml -o requirements/run.txt
	$(LOCK) pyproject.toml --extra dev -c requirements/run.txt -o requirements/dev.txt
	$(LOCK) pyproject.toml --extra train -c requirements/run.txt -o requirements/train.txt

clean:
	rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage*

.venv/tools.done: requirements/tools.txt scripts/venv.sh
	@echo "Setting up Python ..."
	@scripts/venv.sh
	@touch $@

.venv/run.done: .venv/tools.done requirements/run.txt pyproject.toml
	@echo "Installing what Turvakt needs (about half a minute the first time) ..."
	@$(INSTALL) --require-hashes -r requirements/run.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev.done: .venv/run.done requirements/dev.txt
	@echo "Installing what the tests need ..."
	@$(INSTALL) --require-hashes -r requirements/dev.txt
	@touch $@
