# make run | test | check | bench | clean. Everything is installed and kept below this folder.
# Real servers instead of the embedded ones: set DATABASE_URL and REDIS_URL (README, "Real servers").

PYTHON_IN_VENV := .venv/bin/python
ENGINES := $(PYTHON_IN_VENV) -m portal.engines exec
WORKERS ?= 2
ARGS ?=
export PYTHONUNBUFFERED = 1

.DEFAULT_GOAL := help
.PHONY: help install install-dev run test check format bench messages lock clean

help:
	@echo "make run     install, start everything and print the address (PORT=8000 HOST=127.0.0.1)"
	@echo "make test    install and run the tests (ARGS=\"tests/portal -k scope\" WORKERS=2)"
	@echo "make check   lint, types, layers, migrations, deployment checks"
	@echo "make format  rewrite the code in the house style"
	@echo "make bench   measure, one line a figure (ARGS=\"recompute_full list_page\")"
	@echo "make messages  collect the texts to translate, and compile the translations (needs gettext)"
	@echo "make lock    lock the newest allowed versions of all requirements"
	@echo "make clean   delete what was installed and all local data, after asking (CONFIRM=yes)"

install:
	@sh .ci/install run

install-dev:
	@sh .ci/install dev

run: install
	@exec $(PYTHON_IN_VENV) -m portal.run

# Engines of their own, thrown away afterwards, unless DATABASE_URL and REDIS_URL name real servers.
test: install-dev
	@PORTAL_ENV=test exec $(ENGINES) -- $(PYTHON_IN_VENV) -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: install-dev
	@PORTAL_ENV=test exec $(ENGINES) -- sh .ci/check

format: install-dev
	@$(PYTHON_IN_VENV) -m ruff check --fix --quiet . || true
	@$(PYTHON_IN_VENV) -m ruff format .
	@git ls-files --cached --others --exclude-standard 'templates/*.html' | xargs -r .venv/bin/djade --target-version 5.2

# The data set of a million deals is kept under var/bench, so that the next run starts at once.
bench: install-dev
	@exec $(ENGINES) --folder var/bench -- $(PYTHON_IN_VENV) -m tests.bench $(ARGS)

messages: install-dev
	@$(ENGINES) -- $(PYTHON_IN_VENV) manage.py makemessages --locale nl --no-obsolete --no-location --ignore var --ignore tests
	@msgfmt --check-format -o portal/locale/nl/LC_MESSAGES/django.mo portal/locale/nl/LC_MESSAGES/django.po

lock: install-dev
	@$(PYTHON_IN_VENV) -m uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --custom-compile-command "make lock" requirements.in -o requirements.txt
	@$(PYTHON_IN_VENV) -m uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --custom-compile-command "make lock" requirements-dev.in -o requirements-dev.txt

clean:
	@sh .ci/clean
