#!/bin/sh
# Resolves the dependencies for every Python and platform that we support, with hashes and
# without an index address, so that the files are the same wherever they are made.
set -eu
uv=${1:-uv}
compile() {
  "$uv" pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
    --no-header --no-annotate --no-emit-index-url --no-emit-find-links "$@"
}
compile pyproject.toml --extra install --output-file requirements.txt
compile pyproject.toml --extra install --extra dev --output-file requirements-dev.txt
compile requirements-model.in --no-deps --output-file requirements-model.txt
