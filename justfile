# The checks of this repository, one recipe each. `.ci/run` calls the same recipes; `just ci` runs that.

set shell := ["bash", "-euo", "pipefail", "-c"]

# Feature sets that users have, beside each feature alone, none and all.
pairs := "aws-lc,ring aws-lc,tower aws-lc,remote ring,remote ring,reqwest,tower ring,tower,axum aws-lc,reqwest,tower,axum"

# Lists the recipes.
default:
    @just --list --unsorted

# Everything that CI checks.
ci:
    .ci/run

# Refuses code that is not formatted.
fmt:
    cargo fmt --check
    cargo fmt --check --manifest-path fuzz/Cargo.toml
    cargo fmt --check --manifest-path benches/backends/Cargo.toml

# Lints all targets with all features and with the default ones, and the library alone, without what dev-dependencies
# turn on, with none, each alone, and the sets in `pairs`.
clippy:
    #!/usr/bin/env bash
    set -euo pipefail
    cargo clippy --quiet --all-targets --all-features -- -D warnings
    cargo clippy --quiet --all-targets -- -D warnings
    cargo clippy --quiet --lib --no-default-features -- -D warnings
    for features in $(just features) {{ pairs }}; do
        echo "-- $features"
        cargo clippy --quiet --lib --no-default-features --features "$features" -- -D warnings
    done

# The features of the package, without `default`, as Cargo.toml lists them.
[private]
features:
    @sed -n '/^\[features\]/,/^\[[a-z]*dependencies\]/s/^\([a-z][a-z0-9-]*\) *=.*/\1/p' Cargo.toml | grep -vx default

# Lints the packages that have workspaces of their own.
clippy-others:
    cargo clippy --quiet --manifest-path fuzz/Cargo.toml --all-targets -- -D warnings
    cargo clippy --quiet --manifest-path benches/backends/Cargo.toml --all-targets -- -D warnings

# Refuses an async runtime, an HTTP client or a middleware in the tree of the bare core.
bare:
    #!/usr/bin/env bash
    set -euo pipefail
    for backend in aws-lc ring; do
        tree=$(cargo tree --quiet --locked -e normal --prefix none --no-default-features --features "$backend")
        if grep -E '^(tokio|reqwest|tower|hyper|http|axum)' <<< "$tree"; then
            echo "the bare core with $backend must not depend on these"
            exit 1
        fi
        echo "bare core with $backend: $(sort -u <<< "$tree" | wc -l) packages"
    done

# The tests and the doctests.
test:
    cargo test --all-features

# The documentation, warnings denied.
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --all-features

# Licences, bans and sources; advisories where their database can be reached.
deny:
    #!/usr/bin/env bash
    set -euo pipefail
    cargo deny --all-features --log-level error check licenses bans sources
    # An unreachable database is nobody's fault; an advisory is ours.
    if reason=$(timeout 120 cargo deny --log-level error fetch db 2>&1); then
        echo "advisories: the database was fetched"
        cargo deny --all-features --log-level error check advisories
    else
        echo "advisories: NOT CHECKED, the database cannot be reached from here: $(tail -n 1 <<< "$reason")"
    fi

# Runs every example; each ends by itself and fails when something is not as it must be.
examples:
    #!/usr/bin/env bash
    set -euo pipefail
    shopt -s nullglob
    found=0
    for file in examples/*.rs examples/*/main.rs; do
        name=${file#examples/}; name=${name%/main.rs}; name=${name%.rs}
        found=$((found + 1))
        echo "-- example $name"
        cargo build --quiet --all-features --example "$name"
        timeout 120 cargo run --quiet --all-features --example "$name"
    done
    echo "examples run: $found"

# Compiles the benches.
benches:
    cargo bench --no-run --all-features

# Builds the fuzz targets and runs each for some seconds, if a nightly toolchain is installed.
fuzz seconds="10":
    #!/usr/bin/env bash
    set -euo pipefail
    nightly=$(rustup toolchain list | grep -o '^nightly[^ ]*' | head -n 1 || true)
    if [ -z "$nightly" ]; then
        echo "fuzz targets: SKIPPED, no nightly toolchain is installed"
        exit 0
    fi
    cargo "+$nightly" fuzz build
    for target in $(cargo "+$nightly" fuzz list); do
        # New finds go to a scratch folder, so that a run leaves the committed corpus as it is.
        scratch=$(mktemp -d)
        echo "-- fuzz $target, {{ seconds }} s, on $nightly"
        cargo "+$nightly" fuzz run "$target" "$scratch" "fuzz/corpus/$target" -- \
            -max_total_time={{ seconds }} -max_len=20000 -timeout=10 -verbosity=0 -print_final_stats=1
        rm -rf "$scratch"
    done

# Builds the package as it would be published, from nothing but its own files. Tests and vectors are left out of it.
package *flags:
    #!/usr/bin/env bash
    set -euo pipefail
    log=$(mktemp)
    cargo package --locked {{ flags }} 2>&1 | tee "$log"
    if grep '^warning:' "$log" | grep -v 'is not included in the published package'; then
        echo "cargo package warns of something else than what is left out on purpose"
        exit 1
    fi
