# What more than one stage needs; sourced by the stages, which .ci/run starts in the root of the checkout.
# shellcheck shell=bash
set -euo pipefail

fail() {
    echo "$*" >&2
    exit 1
}

# cargo_tool COMMAND CRATE VERSION: makes sure that `cargo COMMAND` exists; a version that is there is good enough.
cargo_tool() {
    local command=$1 crate=$2 version=$3
    cargo "$command" --version >/dev/null 2>&1 && return
    echo "installing $crate $version"
    cargo install --locked --root "${FRESH_CACHE:?}/cargo" "$crate@$version"
}
