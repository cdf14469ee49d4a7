# The commands of a checkout. Those on a stack are `portico COMMAND`, which sets up first; this file only names them.
SHELL := bash
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
ENV ?= dev
# So that what is said to the user names these commands.
export PORTICO_MADE := yes
PORTICO := scripts/portico
# What was said of a site, as an option.
SITED = $(if $(SITE),--site "$$SITE")
# And of one of its processes.
OF = $(SITED) $(if $(PROCESS),--process "$$PROCESS")
GIVEN := ENV OUT LAYOUT WRITE LIMIT WORKERS ROUNDS SECONDS_EACH SITE PROCESS RELEASE TO FORCE TAIL FOLLOW CMD DATA CERTIFICATES DO AT UNDO FORGET JSON RESOURCES UP SERVICE FILE YES
export $(GIVEN)
# As they were written: a dollar in them is the command's, not Make's, and recipes name them to the shell as "$$ENV".
$(foreach name,$(GIVEN),$(if $(filter-out undefined,$(origin $(name))),$(eval override $(name) := $$(value $(name)))))

.PHONY: check rehearse docs help setup up preview releases rollback resume render diff down logs shell exec bench test test-all test-bare test-apps test-cloud test-unit lint format lock soak stop-docker clean bench-deploy recover rules status doctor backup restore db

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo; echo "  ENV=dev|staging|prod|ecs chooses the stack; dev is the default."

setup: ## Install what is missing: Python packages, Pulumi, Docker, base images
	@scripts/setup.sh "$$ENV"

up: ## Set up, deploy, and print the URL
	@$(PORTICO) up -s "$$ENV"

status: ## Say what runs, which releases are live, and where
	@$(PORTICO) status -s "$$ENV" $(if $(JSON),--json)

doctor: ## Check this machine and the settings, and say what to do
	@$(PORTICO) doctor -s "$$ENV" $(if $(JSON),--json)

preview: ## Show what up would change: [RESOURCES=1]
	@$(PORTICO) preview -s "$$ENV" $(if $(RESOURCES),--resources)

releases: ## List the releases that are kept, and which of them is live
	@$(PORTICO) releases -s "$$ENV" $(if $(JSON),--json)

rollback: ## Go back to the release before the live one: [SITE=site] [TO=release]
	@$(PORTICO) rollback -s "$$ENV" $(SITED) $(if $(TO),--to "$$TO")

resume: ## Deploy the source of a rolled-back site again: [SITE=site]
	@$(PORTICO) resume -s "$$ENV" $(SITED)

backup: ## Make and prove a backup of data and services, or: DO=list|check|key
	@$(PORTICO) backup "$${DO:-now}" -s "$$ENV" $(if $(JSON),--json)

rehearse: ## Try the next release on a copy of the newest proven backup: [SITE=site] [ASK="/ /orders"] [LOCK=seconds]
	@$(PORTICO) rehearse -s "$$ENV" $(SITED) $(foreach path,$(ASK),--path "$(path)") $(if $(LOCK),--lock "$$LOCK") $(if $(JSON),--json)

restore: ## Restore data from a backup: [SITE=site] [SERVICE=db] [AT=backup] [UNDO=yes] [FORGET=yes]
	@$(PORTICO) restore -s "$$ENV" $(SITED) $(if $(SERVICE),--service "$$SERVICE") $(if $(AT),--at "$$AT") $(if $(filter yes,$(UNDO)),--undo) $(if $(filter yes,$(FORGET)),--forget)

check: ## Compare what runs with what the last up left
	@$(PORTICO) check -s "$$ENV" $(if $(JSON),--json)

rules: ## Check what up would make against the rules for AWS (ENV=prod)
	@$(PORTICO) rules -s "$$ENV"

render: ## Write every file for machines without our containers: OUT=folder [LAYOUT=sites-available]
	@$(PORTICO) render -s "$$ENV" $(if $(OUT),--out "$$OUT") $(if $(LAYOUT),--layout "$$LAYOUT")

diff: ## Show how NGINX's live files differ from what up would make live
	@$(PORTICO) diff -s "$$ENV"

recover: ## Clean up after a run that was killed, then deploy
	@$(PORTICO) recover -s "$$ENV" $(if $(filter yes,$(FORCE)),--force)

down: ## Remove everything the stack made but its data and certificates: [DATA=site] [CERTIFICATES=yes] delete these, too
	@$(PORTICO) down -s "$$ENV" $(if $(DATA),--data "$$DATA") $(if $(filter yes,$(CERTIFICATES)),--certificates)

logs: ## Show the last lines of every container: [SITE=site] [PROCESS=worker] [TAIL=50] [FOLLOW=1]
	@$(PORTICO) logs -s "$$ENV" $(OF) $(if $(TAIL),--tail "$$TAIL") $(if $(FOLLOW),--follow)

shell: ## Open a shell in a running replica: [SITE=site] [PROCESS=worker]
	@$(PORTICO) shell -s "$$ENV" $(OF)

exec: ## Run a command in a container of a release: CMD="flask routes" [SITE=site] [PROCESS=worker] [RELEASE=next]
	@$(PORTICO) exec -s "$$ENV" $(OF) $(if $(RELEASE),--release "$$RELEASE") -- "$$CMD"

db: ## Open a shell in a site's database: [DO=dump|load FILE=file] [SITE=site] [SERVICE=db] [YES=yes]
	@$(PORTICO) db -s "$$ENV" $(SITED) $(if $(SERVICE),--service "$$SERVICE") $(if $(FILE),--file "$$FILE") $(if $(filter yes,$(YES)),--yes) "$${DO:-shell}"

test: ## Run what a change must pass, the real engine included (WORKERS=3)
	@scripts/test.sh

test-all: ## Run every check and test but the long ones of soak (WORKERS=3)
	@scripts/test.sh --all

test-cloud: ## Run the paths over SSH and to AWS alone, on VMs of the tests' own
	@scripts/test.sh --all tests/cloud

test-apps: ## Deploy real applications from PyPI, and compare them with what they answer alone, about 15 minutes
	@scripts/test.sh --apps

test-bare: ## Try what the README says on a machine on which nothing was ever installed, about 10 minutes
	@scripts/test_bare.sh

test-unit: ## Run the tests that need no Docker
	@scripts/setup/python.sh && .venv/bin/python -m pytest -m "not docker and not soak"

lint: ## Check style and types
	@scripts/lint.sh

format: ## Format the source
	@scripts/setup/python.sh && .venv/bin/ruff check --fix --quiet . && .venv/bin/ruff format .

lock: ## Write requirements.lock from pyproject.toml (UP=--upgrade for newest)
	@scripts/lock.sh $(if $(UP),"$$UP")

docs: ## Write the documents that are made from the program itself
	@scripts/setup/python.sh && .venv/bin/python scripts/docs.py

bench: ## Measure noisy neighbours, then against the article's configuration, Caddy and Gunicorn alone (ROUNDS=5, WRITE=file)
	@scripts/bench.sh

bench-deploy: ## Measure one release on Portico, Docker Compose and plain pulumi-docker, into docs/deploys.md (ROUNDS=3)
	@scripts/bench_deploy.sh

soak: ## Run the long tests under load, about an hour (WRITE=file, LIMIT=4500 seconds)
	@scripts/soak.sh

stop-docker: ## Stop the Docker engine, if set-up started it
	@scripts/stop-docker.sh

clean: ## Remove .tools and .venv, never the state
	@scripts/clean.sh
