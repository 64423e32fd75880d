# The commands of the course. They need Python 3.11 to 3.13, make and git; everything else is
# installed into .venv by scripts/setup_env.py, once.

.DEFAULT_GOAL := help
.PHONY: help env lab test notebooks weights bench scoreboard student grade votes hub slides book playground tables lock

BIN := .venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
# Nothing but the output of the commands themselves: no byte code in the tree, no chatter at import.
export PYTHONDONTWRITEBYTECODE := 1
export TF_CPP_MIN_LOG_LEVEL ?= 2
# The kernels and settings of .venv come before a user's own, also where .venv is another user's.
export JUPYTER_PREFER_ENV_PATH := 1

# PYTHON=... if given, else the one that made .venv, else the first that is new enough. Some of the
# names may be shims that only say that there is no such version, so each is tried.
SETUP := scripts/setup_env.py
ifdef PYTHON
# Its path may hold a space, or be followed by an option as in "py -3.12".
setup = command -v "$(PYTHON)" >/dev/null && exec "$(PYTHON)" $(SETUP) $(1); exec $(PYTHON) $(SETUP) $(1)
else
setup = for python in $(BIN)/python python3.13 python3.12 python3.11 python3 python; do \
		"$$python" $(SETUP) --check >/dev/null 2>&1 && exec "$$python" $(SETUP) $(1); \
	done; \
	for python in python3 python; do \
		"$$python" --version >/dev/null 2>&1 && exec "$$python" $(SETUP); \
	done; \
	echo "The course needs Python 3.11 to 3.13, and there is no Python on the PATH." >&2; exit 1
endif

help:
	@echo "make lab        open the course in JupyterLab   (ARGS=\"--no-browser --port 8890\" is passed on)"
	@echo "make test       lint, unit tests, every notebook on the bundled digits"
	@echo "make notebooks  run the notebooks on the full data and store their outputs   (NB=01_vanilla: one)"
	@echo "make weights    train what is shipped in aehelpers/assets/weights/"
	@echo "make bench      speed, memory and widget latency, beside the usual recipes   (ARGS=\"limits --tiny\": one, just to see it work)"
	@echo "make scoreboard quality, beside published numbers   (ARGS=\"--rows pca_30\": one)"
	@echo "make student    write copies of the notebooks without solutions to student/   (ARGS=\"--outputs\")"
	@echo "make grade      marks for notebooks that were handed in, in marks/   (HANDED_IN=folder or zip)"
	@echo "make votes      a page of what a class predicted, votes.html   (HANDED_IN=folder or zip)"
	@echo "make hub        a JupyterHub on loopback with invented learners   (ARGS=\"--port 8080\"; needs Node)"
	@echo "make slides     write slides with notes to slides/, HTML that needs no network"
	@echo "make book       write the course as a site to _build/html, to read without a kernel or a network   (ARGS=--pdf: print it, too)"
	@echo "make playground write playground.html, which trains autoencoders in a browser; needs no network"
	@echo "make tables     write anew what README, docs and notebooks take from elsewhere"
	@echo "make lock       write requirements.lock and the book's anew from pyproject.toml   (needs uv)"

env:
	@$(call setup)

lab:
	@$(call setup,lab $(ARGS))

test: env
	@$(BIN)/python -m scripts.run_tests

notebooks: env
	@$(BIN)/python -m scripts.notebooks $(NB)

weights: env
	@$(BIN)/python -m scripts.weights $(ARGS)

bench: env
	@$(BIN)/python -m benchmarks $(ARGS)

scoreboard: env
	@$(BIN)/python -m benchmarks.scoreboard $(ARGS)

student: env
	@$(BIN)/python -m scripts.student $(ARGS)

grade: env
	@test -n "$(HANDED_IN)" || { echo "make grade needs HANDED_IN=folder, or a zip of a course system" >&2; exit 1; }
	@$(BIN)/python -m scripts.grade "$(HANDED_IN)" $(ARGS)

votes: env
	@test -n "$(HANDED_IN)" || { echo "make votes needs HANDED_IN=folder, or a zip of a course system" >&2; exit 1; }
	@$(BIN)/python -m scripts.votes "$(HANDED_IN)" $(ARGS)

hub: env
	@$(BIN)/python -m scripts.hub $(ARGS)

slides: env
	@$(BIN)/python -m scripts.slides $(ARGS)

book:
	@$(call setup,book)
	@$(BIN)/python -m scripts.book $(ARGS)

playground: env
	@$(BIN)/python -m scripts.playground $(ARGS)

tables: env
	@$(BIN)/python -m scripts.tables

lock:
	@uv=$$(command -v $(BIN)/uv || command -v uv) || \
		{ echo "make lock needs uv: install it with $(BIN)/python -m pip install uv" >&2; exit 1; }; \
	"$$uv" pip compile --universal --generate-hashes --no-annotate --no-header --python-version 3.11 \
		pyproject.toml --group dev -o requirements.lock --quiet && \
	"$$uv" pip compile --universal --generate-hashes --no-annotate --no-header --python-version 3.11 \
		--group book -c requirements.lock -o book/requirements.lock --quiet
