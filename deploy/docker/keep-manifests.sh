#!/bin/sh
# For the Dockerfile only, in a copy of the workspace: removes everything but the manifests and Cargo.lock, and puts an empty
# program in place of each root of a crate, as cargo itself lists them. What is left is all that cargo needs to build the
# dependencies, and changes only when they do, or when a crate comes or goes.
set -eu

roots=$(cargo metadata --no-deps --offline --format-version 1 | tr ',' '\n' | sed -n 's/.*"src_path":"\([^"]*\)".*/\1/p')
test -n "$roots"
find . -type f ! -name Cargo.toml ! -name Cargo.lock -delete
for root in $roots; do
    echo '#![allow(dead_code, missing_docs)] fn main() {}' > "$root"
done
find . -type d -empty -delete
