# Shortlist's tasks. `make` lists them; each does all the set-up it needs.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help venv build demo attack audit fuzz loop loop-page test test-rust test-python test-oldest test-free-threaded test-adapters test-boosted test-label-studio test-arm instructions-arm wheel-arm check-elsewhere bench bench-report instructions label-savings docs man screens wheels release-ready lint clean python-found cargo-found free-threaded-found

# The first interpreter that is new enough and runs.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo "$$p"; break; }; done)
WORKERS = $(shell $(PY) -c 'import os; print(min(8, len(os.sched_getaffinity(0)) + 1) if hasattr(os, "sched_getaffinity") else 4)')
# What Python compiles is kept, as hundreds of processes of the tests import it.
unexport PYTHONDONTWRITEBYTECODE
VENV := .venv
PY := $(VENV)/bin/python
STUDIO := .venv-label-studio
FREE := .venv-free-threaded
# The first interpreter without a GIL that is new enough and runs, that of an environment which is made before others.
FREE_THREADED ?= $(shell for p in $(if $(wildcard $(FREE)/.made),$(FREE)/bin/python) python3.15t python3.14t python3t python3 python; do \
	"$$p" -c '$(HAS_NO_GIL)' >/dev/null 2>&1 && { echo "$$p"; break; }; done)
HAS_NO_GIL := import sys, sysconfig; sys.exit(sys.version_info < (3, 14) or not sysconfig.get_config_var("Py_GIL_DISABLED"))
RUST := Cargo.toml Cargo.lock $(shell find rust -name '*.rs' -o -name Cargo.toml)

help:  ## list the tasks
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: build $(VENV)/.tools  ## make .venv: Shortlist built for release and installed, and every tool to work on it
build: $(VENV)/.built  ## compile what changed, and install it

demo: $(VENV)/.demo  ## pick 1,000 of 1.1 million place names worth labelling, against NumPy and modAL's formulas
	$(PY) examples/demo.py

loop: $(VENV)/.loop  ## play a labelling project on 74,727 titles of diagnoses from its first row to its end, in under a minute
	$(PY) examples/loop_demo.py

loop-page: $(VENV)/.loop  ## label some of these titles yourself, on a page in the browser
	$(PY) examples/loop_page.py

test: test-rust test-python  ## every test: Rust, then Python

test-rust: cargo-found  ## the tests of the core
	@if cargo nextest --version >/dev/null 2>&1; then \
		cargo nextest run -p shortlist-core --lib --tests; \
	else \
		cargo test -p shortlist-core --lib --tests; \
	fi
	cargo test -p shortlist-core --doc --quiet

test-python: venv  ## the tests of the Python package and the command, files of them side by side
	@command -v chromium chromium-browser google-chrome >/dev/null || echo "Left out: tests of the page in a browser, which need Chromium (apt-get install chromium)"
	@# One more than there are cores, as many tests wait for processes of their own.
	$(PY) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test-oldest: build $(VENV)-oldest/.made  ## the tests of the Python package on the oldest versions that pyproject.toml accepts
	PYTHONPATH="$(CURDIR)/python" $(VENV)-oldest/bin/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --benchmark-disable -W ignore::DeprecationWarning

test-free-threaded: PY := $(FREE)/bin/python
test-free-threaded: $(FREE)/.built $(FREE)/.tools  ## the tests of the Python package on a Python without a GIL (FREE_THREADED=/path/to/python3.14t)
	$(PY) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --benchmark-disable

test-label-studio: venv $(STUDIO)/.made  ## hand rounds to a Label Studio, which it installs (a large download) and starts on loopback
	$(PY) tests/label_studio/run.py $(STUDIO)/bin/label-studio

test-adapters: venv $(VENV)/.adapters  ## tensors and adapters with the real torch, JAX, skorch, scikit-activeml, small-text and Baal (a large download)
	$(PY) -m pytest -W ignore::DeprecationWarning tests/pools/test_pools.py tests/pools/test_device_pools.py tests/pools/test_hugging_face.py \
		$(addprefix tests/learners/test_,skactiveml.py small_text.py baal.py deep.py strategies.py)

test-boosted: venv  ## screened queries of XGBoost and LightGBM, which it installs (a large download)
	@$(PY) -m pip install --quiet --disable-pip-version-check --group boosted
	$(PY) -m pytest tests/screening/test_boosted_elsewhere.py

test-arm: cargo-found python-found  ## the tests of the core for ARM, by emulation (installs a cross-linker and QEMU: Debian or Ubuntu, as root)
	@$(PYTHON) tests/arm/run.py core

wheel-arm: cargo-found $(VENV)/.made  ## build the wheel for ARM, and use it in a Python for ARM, by emulation (installs the same)
	@$(PY) tests/arm/run.py wheel

check-elsewhere: cargo-found python-found  ## see that all Rust compiles for macOS, Windows, musl and ARM (rustup installs their standard libraries)
	@$(PYTHON) tests/elsewhere/run.py

docs: $(VENV)/.docs  ## build the documentation site, its notebooks run, its links followed and pages looked at, into target/site
	$(PY) -m sphinx --quiet --fail-on-warning --keep-going --jobs auto -b html docs target/site
	$(PY) docs/links.py target/site
	$(PY) docs/looks.py target/site
	@echo "Open target/site/index.html"

man: $(VENV)/.tools  ## write a man page for each command, into target/man
	$(PY) docs/man.py

screens: $(VENV)/.docs $(VENV)/.tools  ## take the pictures of the docs again: the labelling page and a report, in a headless Chromium
	@.ci/browser
	$(PY) docs/screens/take.py

wheels: $(VENV)/.release  ## build the wheel (for glibc 2.17) and the sdist into dist/, and try each where nothing else is
	$(PY) release/wheels.py

release-ready: $(VENV)/.release  ## the checklist before a release, and the workflows against their schema
	$(PY) -m check_jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(PY) release/ready.py

bench: $(VENV)/.bench$(if $(TORCH),-torch)  ## measure against memory bandwidth and against rivals, in ten minutes (TORCH=1: against torch too, a large download)
	$(PY) -m benches --minutes 10

bench-report: venv  ## make docs/benchmarks.md again from the figures stored in docs/benchmarks/
	$(PY) -m benches.bench_report

instructions: build  ## count the instructions of the kernels, by dtype and level, and of small calls, against the baseline (needs valgrind)
	@$(PY) benches/instructions.py

instructions-arm: cargo-found python-found  ## count the instructions of the main kernels on ARM, by emulation, against those at AVX2
	@$(PYTHON) tests/arm/run.py instructions

audit: venv cargo-found  ## look at the licence of every crate and package that Shortlist is made of, and for known weaknesses
	$(PY) release/audit.py

attack: venv  ## attack the loop and the readers with faults, kills, power cuts and inputs, for hours (QUICK=1: minutes; CI=1: 90 s)
	$(PY) -m attacks $(if $(CI),--ci,$(if $(QUICK),--quick))

fuzz: venv  ## try inputs by chance on every reader for so many minutes (MINUTES=10)
	$(PY) -m fuzz --minutes $(or $(MINUTES),10)

label-savings: $(VENV)/.study  ## the study behind docs/label-savings.md (under an hour on 2 cores; killed, it goes on)
	$(PY) -m benches.label_savings

lint: venv  ## formatting, clippy, ruff, mypy --strict, stubs against the module
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	@# What only attacks compile.
	cargo check --quiet --manifest-path rust/models/Cargo.toml --target-dir target/models
	! command -v c++ >/dev/null || cargo check --quiet --manifest-path rust/fuzz/Cargo.toml --target-dir target/fuzz
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	@# Modules without a stub are left out: mypy has read them.
	$(PY) -m mypy.stubtest shortlist --mypy-config-file pyproject.toml --allowlist <(echo 'shortlist\.(?!_core)\w+\..*')

clean:  ## remove everything that was built
	rm -rf $(VENV) $(VENV)-oldest $(STUDIO) $(FREE) target dist .mypy_cache .ruff_cache .pytest_cache .hypothesis python/shortlist/_core*.so
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.made: | python-found
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1' 'maturin>=1.9,<2'
	@touch $@

$(VENV)/.built: $(VENV)/.made pyproject.toml $(RUST) | cargo-found
	@echo "Compiling Shortlist (two to four minutes the first time)"
	@. $(VENV)/bin/activate && PIP_QUIET=1 PIP_DISABLE_PIP_VERSION_CHECK=1 maturin develop --release --quiet --extras cli,plot
	@touch $@

$(VENV)/.tools: pyproject.toml | $(VENV)/.made
	@$(PY) -m pip install --quiet --disable-pip-version-check --group test --group lint
	@touch $@

$(VENV)/.adapters: pyproject.toml | build
	@$(PY) -m pip install --quiet --disable-pip-version-check --group adapters
	@touch $@

$(VENV)-oldest/.made: pyproject.toml | $(VENV)/.made
	@$(PY) -m pip install --quiet --disable-pip-version-check uv
	$(VENV)/bin/uv venv --quiet --clear $(VENV)-oldest --python $(PY)
	$(VENV)/bin/uv pip install --quiet --python $(VENV)-oldest/bin/python --resolution lowest-direct -r pyproject.toml --group test \
		$(addprefix --extra ,cli page plot arrow pandas polars zarr hdf5 dask skactiveml)
	@touch $@

$(FREE)/.made: | free-threaded-found
	"$(FREE_THREADED)" -m venv $(FREE)
	$(FREE)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1' 'maturin>=1.9,<2'
	@touch $@

$(FREE)/.built: $(FREE)/.made pyproject.toml $(RUST) | cargo-found free-threaded-found
	@echo "Compiling Shortlist without a GIL (two to four minutes the first time)"
	@. $(FREE)/bin/activate && PIP_QUIET=1 PIP_DISABLE_PIP_VERSION_CHECK=1 maturin develop --release --quiet --extras cli,plot
	@touch $@

$(FREE)/.tools: pyproject.toml | $(FREE)/.made
	@$(FREE)/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --group test-free-threaded
	@touch $@

$(STUDIO)/.made: tests/label_studio/requirements.txt | python-found
	$(PYTHON) -m venv $(STUDIO)
	$(STUDIO)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(VENV)/.demo: examples/requirements.txt | build
	@$(PY) -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(VENV)/.docs: pyproject.toml | build
	@$(PY) -m pip install --quiet --disable-pip-version-check --group docs
	@touch $@

$(VENV)/.release: release/requirements.txt | $(VENV)/.made cargo-found
	@$(PY) -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(VENV)/.loop: examples/loop_requirements.txt | build
	@$(PY) -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(VENV)/.bench$(if $(TORCH),-torch): benches/requirements.txt $(if $(TORCH),benches/requirements-torch.txt) | venv
	@$(PY) -m pip install --quiet --disable-pip-version-check $(addprefix -r ,$^)
	@touch $@

$(VENV)/.study: benches/label_savings/requirements.txt | venv
	@$(PY) -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

python-found:
	@[ -n "$(PYTHON)" ] || { echo "Shortlist needs Python 3.11 or later, and none was found on PATH: install one, or name it: make PYTHON=/path/to/python3." >&2; exit 1; }

cargo-found:
	@cargo --version >/dev/null 2>&1 || { echo "Shortlist needs a Rust toolchain (1.89 or later), and no cargo that runs was found on PATH: install one with rustup (\`rustup default stable\` where it has none yet) or your package manager." >&2; exit 1; }

free-threaded-found:
	@[ -n "$(FREE_THREADED)" ] || { echo "These tests need a Python without a GIL, 3.14 or later, and none was found on PATH: get one (\`uv python install 3.14t\`, or from CPython's source with --disable-gil), or name it: make test-free-threaded FREE_THREADED=/path/to/python3.14t." >&2; exit 1; }
	@"$(FREE_THREADED)" -c '$(HAS_NO_GIL)' 2>/dev/null || { echo "FREE_THREADED is $(FREE_THREADED); accepted is a Python without a GIL, 3.14 or later, as /path/to/python3.14t." >&2; exit 1; }
