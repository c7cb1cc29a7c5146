# Two commands matter: `make run` and `make test`. Both need nothing but Python 3.11 or newer.

PYTHON ?= python3
PORT ?= 8000
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
# A stamp carries the checksum of its lock file: a changed lock reinstalls, an unchanged one costs nothing.
checksum = $(shell cksum < $(1) | tr -s ' ' '-')
RUN_STAMP := $(VENV)/.installed-$(call checksum,requirements.lock)
DEV_STAMP := $(VENV)/.installed-dev-$(call checksum,requirements-dev.lock)
# Every worker, and every command that a test starts, would compile all of it anew where bytecode may not be kept.
PYTEST := env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -q
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
# What `check --deploy` looks at: a production-like environment without anything real in it.
PRODUCTION := env -u DEMO -u DEBUG -u DEMO_PASSWORD SECRET_KEY=$$($(BIN)/python -c "import secrets; print(secrets.token_urlsafe(50))") \
	SITE_URL=https://bedside.example ALLOWED_HOSTS=bedside.example TRUSTED_PROXIES=1 REQUIRE_STAFF_MFA=1 \
	DATABASE_URL=sqlite:///var/check.sqlite3 CACHE_URL=redis://localhost:6379/0 EMAIL_URL=smtp://localhost:25 CRISIS_ON_CALL=oncall@bedside.example

.DEFAULT_GOAL := help
.PHONY: help run test check format lock screens soak

help:
	@echo "make run      the demo site on http://127.0.0.1:$(PORT) (PORT=… for another port)"
	@echo "make test     every test, on PostgreSQL and on SQLite"
	@echo "make check    style, types, migrations, settings, architecture"
	@echo "make format   let ruff put the code in order"
	@echo "make lock     write the lock files anew from pyproject.toml"
	@echo "make screens  pictures of every page type in docs/screens (ONLY='home article' for some)"
	@echo "make soak     property tests for a long time, and big counts"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Bedside needs Python 3.11 or newer; name one with PYTHON=/path/to/python3." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { rm -rf $(VENV); echo "This Python cannot make virtual environments. On Debian: apt-get install python3-venv" >&2; exit 1; }

$(RUN_STAMP): | $(BIN)/python
	@echo "Installing what requirements.lock names …"
	@$(PIP) -r requirements.lock
	@touch $@

$(DEV_STAMP): | $(BIN)/python
	@echo "Installing what requirements-dev.lock names …"
	@$(PIP) -r requirements-dev.lock
	@touch $@

run: export DEMO := 1
run: export SITE_URL := http://127.0.0.1:$(PORT)
run: $(RUN_STAMP)
	@$(BIN)/python -c 'import socket; socket.create_server(("127.0.0.1", $(PORT))).close()' 2>/dev/null \
		|| { echo "Port $(PORT) is taken. Try: make run PORT=8001" >&2; exit 1; }
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py demo
	@echo "Bedside is at $(SITE_URL) - Ctrl-C stops it."
	@$(BIN)/python manage.py worker & worker=$$!; \
	$(BIN)/gunicorn config.wsgi --bind 127.0.0.1:$(PORT) --threads 8 --graceful-timeout 2 --log-level warning & server=$$!; \
	trap 'kill $$worker $$server 2>/dev/null; wait' EXIT; trap 'exit 130' INT; trap 'exit 143' TERM; \
	wait $$server

test: $(DEV_STAMP)
	@if $(BIN)/python -m tests.postgres >/dev/null; then \
		echo "== PostgreSQL: all tests"; \
		$(PYTEST) -n $(WORKERS) --dist worksteal --db=postgres -m "not soak and not drill" \
		&& echo "== SQLite: all but the browser tests, and the main journey" \
		&& $(PYTEST) -n $(WORKERS) --dist worksteal --db=sqlite -m "not soak and not drill and (not browser or journey_main)"; \
	elif [ "$$CI" = true ]; then \
		exit 1; \
	else \
		echo "== SQLite: all tests"; \
		$(PYTEST) -n $(WORKERS) --dist worksteal --db=sqlite -m "not soak and not drill"; code=$$?; \
		echo "!! NOTHING WAS TESTED ON POSTGRESQL: none was found. Install it or set TEST_DATABASE_URL." >&2; \
		exit $$code; \
	fi

check: $(DEV_STAMP)
	$(BIN)/ruff check --output-format concise .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(PRODUCTION) $(BIN)/python manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(PYTEST) --db=sqlite tests/test_architecture.py tests/config

format: $(DEV_STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	--custom-compile-command "make lock" pyproject.toml
lock: $(DEV_STAMP)
	$(LOCK) -o requirements.lock
	$(LOCK) --group dev -c requirements.lock -o requirements-dev.lock

screens: $(DEV_STAMP)
	$(BIN)/python -m tests.screens $(ONLY)

soak: export HYPOTHESIS_PROFILE := soak
soak: $(DEV_STAMP)
	$(PYTEST) -n $(WORKERS) --dist worksteal --db=postgres -m "soak or hypothesis"
