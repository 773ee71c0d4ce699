# Everything here works on a fresh machine with Python 3.10 or newer and a package index.
PYTHON ?= python3
PORT   ?= 8000
JOBS   ?= 3
SECONDS ?= 60
BIN    := .venv/bin
TRAIN  := .venv-training/bin
SCENES := .venv-scenes/bin
PEERS  := .venv-peers/bin
DOCS   := .venv-docs/bin
RAY    := .venv-ray/bin
CLIENTS := .venv-clients/bin
REACT  := clients/react

.DEFAULT_GOAL := help
.PHONY: help test-grading fuzz sbom audit run lab assignment test test-slow test-all notebooks docs system-packages check fix bench pins material detector error judge images test-training octagons octagons-blender octagons-detector octagons-all stack test-stack test-scenes soak soak-short client test-clients test-deploy image clean test-ray

help:  ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

run: .venv/ready  ## set up, start the server, count the pictures in images/, keep serving (PORT=8000, ONCE=1)
	@$(BIN)/countlab tour images --port $(PORT) $(if $(ONCE),--once)

lab: .venv/ready  ## open both notebooks, side by side, in JupyterLab
	@$(BIN)/jupyter lab workspaces import both_notebooks.jupyterlab-workspace
	@$(BIN)/jupyter lab --LabApp.default_url=/lab/workspaces/countlab $(if $(filter 0,$(shell id -u)),--allow-root)

test: .venv/ready-dev  ## set up and run the tests (three minutes on two cores)
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup --no-loadscope-reorder -m "not slow and not long"

test-slow: .venv/ready-dev  ## what takes long: kill loops, memory, the bench, notebooks, datasets, deploying, clean environments (ten minutes)
	@$(BIN)/python -m pytest -m slow

test-grading: .venv/ready-dev .venv-nbgrader/ready  ## the graded lab: all submissions in one command, and the real nbgrader (fifteen minutes)
	@$(BIN)/python -m pytest -m long

test-all: test test-slow test-grading test-training test-stack soak-short test-clients test-deploy  ## everything

system-packages:  ## nginx, Caddy, PostgreSQL and Chromium for the tests that use them (as root, with apt)
	@scripts/system-packages

check: .venv/ready-dev  ## lint, formats, types, notebooks without outputs
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/nbstripout --verify *.ipynb labs/*/*.ipynb
	@$(BIN)/python scripts/notebooks --check
	@$(BIN)/python -m countlab.grading.assignment --check

fix: .venv/ready-dev  ## format, mend what ruff can, strip the notebooks
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@$(BIN)/nbstripout *.ipynb labs/*/*.ipynb

assignment: .venv/ready-dev  ## write the graded lab's starters and solutions from assignment/*.md
	@$(BIN)/python -m countlab.grading.assignment

notebooks: .venv/ready-dev  ## write the lab's notebooks, in both languages, from notebooks/*.md
	@$(BIN)/python scripts/notebooks

pins: .venv/bin/uv  ## resolve the ranges into constraints.txt again (UPGRADE=1: to the newest)
	@$(BIN)/uv pip compile --quiet $(if $(UPGRADE),--upgrade) --universal --python-version 3.10 --no-header --no-annotate \
		--extra all pyproject.toml requirements-dev.txt --output-file constraints.txt

docs: .venv-docs/ready  ## build the documentation as a site in build/site (OPEN=1: and serve it on port 8001)
	@NO_MKDOCS_2_WARNING=1 $(DOCS)/mkdocs build --quiet
	@echo "build/site/index.html"
	@$(if $(OPEN),NO_MKDOCS_2_WARNING=1 $(DOCS)/mkdocs serve --dev-addr 127.0.0.1:8001)

bench: .venv/ready-dev .venv-peers/ready  ## the classic server and its peers beside countlab's: 25 minutes (QUICK=1: two)
	@$(BIN)/countlab bench $(if $(QUICK),--quick)

material: .venv-scenes/ready  ## render the fruit and scenes that the detector learns from (40 minutes of two cores)
	@$(SCENES)/python -m recipes.fruits.scenes.cutouts --count 840 --out recipes/fruits/work/cutouts
	@$(SCENES)/python -m recipes.fruits.scenes.cutouts --count 1225 --out recipes/fruits/work/cutouts --only lemon
	@$(SCENES)/python -m recipes.fruits.scenes.cutouts --count 1700 --out recipes/fruits/work/cutouts --only banana
	@$(SCENES)/python -m recipes.fruits.scenes.cutouts --count 3500 --out recipes/fruits/work/cutouts --only none
	@$(SCENES)/python -m recipes.fruits.scenes.cutouts --count 4900 --out recipes/fruits/work/cutouts --only bunch
	@$(SCENES)/python -W ignore -m recipes.fruits.scenes.random_scenes --count 150 --out recipes/fruits/work/scenes

detector: .venv-training/ready material  ## render its material, train the built-in detector (hours; resumes), evaluate it
	@$(TRAIN)/python -m recipes.fruits.grabcut
	@$(TRAIN)/python -m recipes.fruits.train
	@$(TRAIN)/python -m recipes.fruits.calibrate
	@$(TRAIN)/python -m recipes.fruits.export
	@$(TRAIN)/python -m recipes.fruits.verify_export
	@$(TRAIN)/python -m recipes.fruits.evaluate
	@$(TRAIN)/python -m recipes.fruits.card
	@$(TRAIN)/python -m recipes.fruits.plots

judge: .venv/ready  ## judge the built-in detector on photos that took no part: counts, likely ranges, warnings, robustness
	@$(BIN)/python -m recipes.fruits.judge --robust

error: .venv/ready  ## measure how far the built-in model's counts are off, for the likely ranges of its answers
	@$(BIN)/python -m recipes.fruits.known_counts
	@COUNTLAB_HOME=recipes/fruits/work/error $(BIN)/countlab evaluate recipes/fruits/work/known_counts --save \
		--measured-on "real photos that it was not trained on (recipes.fruits.known_counts), everyday ones without fruit among them"
	@mv recipes/fruits/work/error/errors/fruits-f32.json countlab/models/data/fruits/counting-error-f32.json

images: .venv-scenes/ready  ## render the pictures of images/ again (needs Python 3.11)
	@$(SCENES)/python -m recipes.fruits.scenes.gallery --out images
	@$(SCENES)/python -m recipes.fruits.scenes.gallery --out images/crowds --crowds

octagons: .venv/ready  ## render the pictures of the octagons lab (five minutes of one core; resumes)
	@$(BIN)/python -m recipes.octagons.pictures

octagons-blender: .venv-scenes/ready  ## render the same designs as bodies in space, with Blender (20 minutes of one core; resumes)
	@$(SCENES)/python -m recipes.octagons.blender

octagons-detector: .venv-training/ready octagons  ## train, export and judge the detector of octagons (resumes)
	@$(BIN)/python -m recipes.octagons.pictures --designs 450 --rare 1 --seed 2026 --train-only --more
	@$(TRAIN)/python -m recipes.octagons.train
	@$(TRAIN)/python -m recipes.octagons.export
	@$(TRAIN)/python -m recipes.octagons.evaluate

octagons-all: octagons-detector octagons-blender  ## the whole octagons lab: compare, search, train, prune, explain, the notebook
	@$(TRAIN)/countlab tune labs/octagons --compare
	@$(TRAIN)/countlab tune labs/octagons --trials 12
	@$(TRAIN)/countlab train labs/octagons
	@$(TRAIN)/countlab prune octagons --amount 0.3 --finetune 3
	@$(TRAIN)/python -m recipes.octagons.explain
	@$(TRAIN)/python -m recipes.octagons.evaluate --data octagons-blender
	@QUICK=0 $(TRAIN)/jupyter execute labs/octagons/octagons.ipynb

test-training: .venv-training/ready  ## the tests that need torch, a short training among them
	@$(TRAIN)/python -m pytest tests/recipes tests/classifiers tests/tasks/test_torch_exports.py -m training

stack: .venv-training/ready .venv-stack/ready  ## PostgreSQL, S3, MLflow, a trainer and the server, as processes (PORT=8000, ONCE=1)
	@$(TRAIN)/python -m deploy.stack --port $(PORT) $(if $(ONCE),--once)

test-stack: .venv-training/ready .venv-stack/ready  ## from training to rollback on the real stack, and its faults
	@$(TRAIN)/python -m pytest tests/registry tests/stack

test-ray: .venv-ray/ready  ## many pictures and the service on real Ray clusters of this machine (ten minutes)
	@$(RAY)/python -m pytest tests/batch tests/ray tests/benchmarks/test_scale.py -m "not slow"

test-scenes: .venv-scenes/ready  ## the tests that render with Blender
	@$(SCENES)/python -m pytest --noconftest tests/recipes/fruits/test_cutouts.py tests/recipes/fruits/test_scenes.py tests/recipes/octagons/test_blender.py

client: .venv/ready $(REACT)/node_modules/ready  ## generate the TypeScript client from the server's OpenAPI document
	@$(BIN)/python scripts/openapi $(REACT)/openapi.json
	@npm --prefix $(REACT) run --silent client

test-clients: .venv/ready-dev .venv-clients/ready  ## the pages in React and Streamlit, against real servers (needs Node 20.19)
	@$(CLIENTS)/python -m pytest clients/streamlit/tests
	@scripts/test-react

test-deploy: .venv/ready-dev .venv-deploy/ready  ## images, compose, Kubernetes, clouds, workflows: held to their schemas and run dry
	@$(BIN)/python -m pytest tests/deploy

image:  ## build the server's image without a registry, run it, ask it to count (as root, with buildah)
	@scripts/build-image $(if $(KEEP),--keep)

fuzz: .venv/ready-dev  ## fuzz our parsers (SECONDS=60 for each)
	@OPENCV_LOG_LEVEL=OFF $(BIN)/python -W ignore -m fuzz --seconds $(SECONDS)

sbom: .venv/ready .venv-sbom/ready  ## software bill of materials (CycloneDX): sbom.json
	@.venv-sbom/bin/cyclonedx-py environment $(BIN)/python --pyproject pyproject.toml --of JSON -o sbom.json

audit: .venv-sbom/ready  ## what advisories say of the pinned versions (needs the internet)
	@.venv-sbom/bin/pip-audit --disable-pip --no-deps --requirement constraints.txt

soak: .venv/ready-dev  ## ten minutes of mixed load on a real server, held to its promises
	@$(BIN)/python -m tests.promises.soak --minutes 10

soak-short: .venv/ready-dev  ## the same for a minute and a half
	@$(BIN)/python -m tests.promises.soak --minutes 1.5

clean:  ## remove the environments and caches, nothing of yours
	rm -rf .venv .venv-training .venv-stack .venv-scenes .venv-peers .venv-docs .venv-clients .venv-deploy .venv-ray $(REACT)/node_modules $(REACT)/dist .mypy_cache .ruff_cache .pytest_cache *.egg-info

# The environments. uv takes seconds where pip takes a minute; where it cannot be used
# (an index that only pip is told of, say), pip does the same.
define install
	@$(1)/uv pip install --quiet --python $(1)/python $(2) || $(1)/python -m pip install --quiet $(2)
endef

.venv/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "countlab needs Python 3.10 or newer; this is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.11 run")'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

.venv/ready: .venv/bin/uv requirements.txt constraints.txt pyproject.toml
	@echo "Setting up .venv (once) …"
	$(call install,$(BIN),-c constraints.txt -r requirements.txt)
	@touch $@

.venv/ready-dev: .venv/ready requirements-dev.txt
	$(call install,$(BIN),-c constraints.txt -r requirements-dev.txt)
	@touch $@

# Without constraints.txt: what talks to buckets wants other versions than the lab.
.venv-ray/ready: tests/ray/requirements.txt pyproject.toml
	@echo "Setting up .venv-ray (once) …"
	@$(PYTHON) -m venv .venv-ray
	@$(RAY)/python -m pip install --quiet --disable-pip-version-check uv
	$(call install,$(RAY),-r tests/ray/requirements.txt)
	@touch $@

# torch is asked for through pip: uv does not see builds that lie on disk.
.venv-training/ready: recipes/requirements-training.txt requirements.txt constraints.txt
	@echo "Setting up .venv-training (once) …"
	@$(PYTHON) -m venv .venv-training
	@$(TRAIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(TRAIN)/python -m pip install --quiet --disable-pip-version-check -r recipes/requirements-training.txt
	$(call install,$(TRAIN),-c constraints.txt -r requirements.txt -r requirements-dev.txt)
	@touch $@

.venv-stack/ready: deploy/stack/requirements.txt
	@echo "Setting up .venv-stack (once) …"
	@$(PYTHON) -m venv .venv-stack
	@.venv-stack/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(call install,.venv-stack/bin,-r deploy/stack/requirements.txt)
	@touch $@

.venv-docs/ready: docs/requirements.txt
	@echo "Setting up .venv-docs (once) …"
	@$(PYTHON) -m venv .venv-docs
	@$(DOCS)/python -m pip install --quiet --disable-pip-version-check uv
	$(call install,$(DOCS),-r docs/requirements.txt)
	@touch $@

# The servers that people would pick instead, for the bench alone.
.venv-peers/ready: benchmarks/peers/requirements.txt constraints.txt
	@echo "Setting up .venv-peers (once) …"
	@$(PYTHON) -m venv .venv-peers
	@$(PEERS)/python -m pip install --quiet --disable-pip-version-check uv
	$(call install,$(PEERS),-c constraints.txt -r benchmarks/peers/requirements.txt)
	@touch $@

.venv-scenes/ready: recipes/fruits/scenes/requirements.txt
	@echo "Setting up .venv-scenes (once) …"
	@$(PYTHON) -m venv .venv-scenes
	@$(SCENES)/python -m pip install --quiet --disable-pip-version-check -r recipes/fruits/scenes/requirements.txt
	@touch $@

.venv-nbgrader/ready:
	@$(PYTHON) -m venv .venv-nbgrader
	@.venv-nbgrader/bin/python -m pip install --quiet --disable-pip-version-check nbgrader==0.9.6
	@touch $@

.venv-clients/ready: clients/streamlit/requirements.txt clients/streamlit/requirements-dev.txt constraints.txt
	@echo "Setting up .venv-clients (once) …"
	@$(PYTHON) -m venv .venv-clients
	@$(CLIENTS)/python -m pip install --quiet --disable-pip-version-check uv
	$(call install,$(CLIENTS),-c constraints.txt -r clients/streamlit/requirements-dev.txt)
	@touch $@

.venv-deploy/ready: deploy/requirements-checks.txt
	@echo "Setting up .venv-deploy (once) …"
	@$(PYTHON) -m venv .venv-deploy
	@.venv-deploy/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(call install,.venv-deploy/bin,-r deploy/requirements-checks.txt)
	@touch $@

$(REACT)/node_modules/ready: $(REACT)/package.json $(REACT)/package-lock.json
	@echo "Setting up $(REACT)/node_modules (once) …"
	@PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm --prefix $(REACT) ci --silent
	@touch $@

.venv-sbom/ready:
	@$(PYTHON) -m venv .venv-sbom
	@.venv-sbom/bin/python -m pip install --quiet --disable-pip-version-check cyclonedx-bom==7.5.0 pip-audit==2.10.0
	@touch $@
