# The checks of this repository, one recipe each. `.ci/run` calls the same recipes; `just ci` runs that.

set shell := ["bash", "-euo", "pipefail", "-c"]

# Feature sets that users have, beside each feature alone, none and all.
pairs := "aws-lc,ring aws-lc,tower aws-lc,remote ring,remote ring,reqwest,tower ring,tower,axum aws-lc,reqwest,tower,axum aws-lc,actix ring,actix,axum aws-lc,tonic aws-lc,settings ring,settings aws-lc,jsonwebtoken aws-lc,metrics aws-lc,metrics,remote aws-lc,metrics,tower"

# Lists the recipes.
default:
    @just --list --unsorted

# Everything that CI checks.
ci:
    .ci/run

# Refuses code that is not formatted.
fmt:
    cargo fmt --check --all
    cargo fmt --check --manifest-path fuzz/Cargo.toml
    cargo fmt --check --manifest-path benches/backends/Cargo.toml
    cargo fmt --check --all --manifest-path benches/peers/Cargo.toml
    cargo fmt --check --manifest-path examples/mcp/Cargo.toml
    cargo fmt --check --manifest-path examples/otel/Cargo.toml
    cargo fmt --check --all --manifest-path interleavings/Cargo.toml

# All targets with all features and with the default ones; the library alone, without what dev-dependencies turn on, with
# none, each alone, and the sets in `pairs`.
[doc("Lints every feature set.")]
clippy:
    #!/usr/bin/env bash
    set -euo pipefail
    cargo clippy --quiet --all-targets --all-features -- -D warnings
    cargo clippy --quiet --all-targets -- -D warnings
    cargo clippy --quiet --package portcullis-cli --all-targets -- -D warnings
    cargo clippy --quiet --lib --no-default-features -- -D warnings
    for features in $(just features) {{ pairs }}; do
        echo "-- $features"
        cargo clippy --quiet --lib --no-default-features --features "$features" -- -D warnings
    done

# The features of the package, without `default`, as Cargo.toml lists them.
[private]
features:
    @sed -n '/^\[features\]/,/^\[[a-z]*dependencies\]/s/^\([a-z][a-z0-9-]*\) *=.*/\1/p' Cargo.toml | grep -vx default

# The examples that are packages of their own have most of their dependencies in common with the library's tests.
shared := 'CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"'

# Lints the packages that have workspaces of their own.
clippy-others:
    cargo clippy --quiet --manifest-path fuzz/Cargo.toml --all-targets -- -D warnings
    cargo clippy --quiet --manifest-path benches/backends/Cargo.toml --all-targets -- -D warnings
    cargo clippy --quiet --manifest-path interleavings/Cargo.toml --workspace --lib --tests -- -D warnings
    {{ shared }} cargo clippy --quiet --locked --manifest-path examples/mcp/Cargo.toml --all-targets -- -D warnings
    {{ shared }} cargo clippy --quiet --locked --manifest-path examples/otel/Cargo.toml --all-targets -- -D warnings

# Refuses an async runtime, an HTTP client or a middleware in the tree of the bare core.
bare:
    #!/usr/bin/env bash
    set -euo pipefail
    for backend in aws-lc ring; do
        tree=$(cargo tree --quiet --locked -e normal --prefix none --no-default-features --features "$backend")
        if grep -E '^(tokio|reqwest|tower|hyper|http|axum|actix|tonic|toml)' <<< "$tree"; then
            echo "the bare core with $backend must not depend on these"
            exit 1
        fi
        echo "bare core with $backend: $(sort -u <<< "$tree" | wc -l) packages"
    done

# The tests and the doctests, of the library and of the program. Those that need Prometheus or a browser say so and pass where
# there is none; CI sets PORTCULLIS_REQUIRE_PROMETHEUS and PORTCULLIS_REQUIRE_BROWSER, and then they do not.
[doc("The tests and the doctests, of the library and of the program.")]
test:
    cargo test --workspace --all-features

# Plays a day of an issuer's life with a million requests; the tests play it with fewer. Minutes.
[doc("A day with a million requests.")]
day:
    PORTCULLIS_DAY_REQUESTS=1000000 cargo test --all-features --test day -- --nocapture

# A million scripts of answers, requests and time against the reference of the key cache; the tests try fewer. The more
# is optimised the sooner it ends, so it has a build of its own.
[doc("A million scripts of the key cache's model.")]
model scripts="1000000" seed="1":
    CARGO_PROFILE_DEV_OPT_LEVEL=2 PROPTEST_CASES={{ scripts }} PROPTEST_RNG_SEED={{ seed }} \
        cargo test --target-dir target/model --all-features --lib remote::tests::model -- --nocapture

# Each scene is played under so many random schedules, and as many with few switches: see interleavings/README.md.
[doc("Tries the key source under thousands of schedules of its tasks.")]
interleavings schedules="500":
    SCHEDULES={{ schedules }} cargo test --quiet --locked --manifest-path interleavings/Cargo.toml --test schedules

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
    for name in mcp otel; do
        found=$((found + 1))
        echo "-- example $name"
        {{ shared }} cargo build --quiet --locked --manifest-path "examples/$name/Cargo.toml"
        {{ shared }} timeout 120 cargo run --quiet --locked --manifest-path "examples/$name/Cargo.toml"
    done
    echo "examples run: $found"

# Compiles the benches.
benches:
    cargo bench --no-run --all-features

# Prints tables, writes docs/speed.svg; `just peers quick` writes nothing. Needs what benches/peers/README.md names, and
# minutes for its build: CI does not run it.
[doc("Measures the competitors beside portcullis.")]
peers *arguments:
    cargo run --release --manifest-path benches/peers/Cargo.toml -- {{ arguments }}

# A count does not blur on a busy machine. Fails when a scenario needs more than benches/instructions/expected.toml says.
[doc("Counts instructions and cache lines of a verification under valgrind, and compares them with what is expected.")]
instructions:
    cargo bench --quiet --all-features --bench instructions

# After an improvement, or a price worth paying; the commit says which.
[doc("Writes the present counts down as expected.")]
instructions-accept:
    cargo bench --quiet --all-features --bench instructions -- --accept

# Wall time, for people and a quiet machine; names choose parts: `just speed swept ES256`. docs/speed.md says what it means.
[doc("Measures the speed, with each target beside its figure.")]
speed *names:
    cargo bench --quiet --all-features --bench speed -- {{ names }}

# An axum service with and without the layer, over loopback.
load *names:
    cargo bench --quiet --all-features --bench load -- {{ names }}

# The longest input that each fuzz target is given: longer ones reach nothing new and only cost.
fuzz_lengths := "authorization_header=256 cache_control=256 challenge=512 claims=768 compact_token=2048 discovery=1024 header=768 jwk=2048 jwk_set=4096 key_input=2048 request=1536"

# Builds the fuzz targets with the address sanitizer and runs each for some seconds, if a nightly toolchain is installed.
fuzz seconds="6":
    #!/usr/bin/env bash
    set -euo pipefail
    nightly=$(just nightly)
    if [ -z "$nightly" ]; then
        echo "fuzz targets: SKIPPED, no nightly toolchain is installed"
        exit 0
    fi
    cargo "+$nightly" fuzz build --target-dir fuzz/target
    for target in $(cargo "+$nightly" fuzz list); do
        # New finds go to a scratch folder, so that a run leaves the committed corpus as it is.
        scratch=$(mktemp -d)
        echo "-- fuzz $target, {{ seconds }} s, on $nightly"
        just fuzz-run "$target" "{{ seconds }}" "$scratch" address
        rm -rf "$scratch"
    done

# Without a sanitizer, which is faster: no code of ours is unsafe. What it finds on its way is kept in fuzz/target/corpus
# for the next run.
[doc("Runs one fuzz target for long and prints its executions.")]
fuzz-long target seconds:
    #!/usr/bin/env bash
    set -euo pipefail
    nightly=$(just nightly)
    [ -n "$nightly" ] || { echo "a nightly toolchain is needed: rustup toolchain install nightly"; exit 1; }
    mkdir -p "fuzz/target/corpus/{{ target }}"
    just fuzz-run "{{ target }}" "{{ seconds }}" "fuzz/target/corpus/{{ target }}" none

# One run; prints how many executions it had.
[private]
fuzz-run target seconds finds sanitizer:
    #!/usr/bin/env bash
    set -euo pipefail
    length=$(tr ' ' '\n' <<< "{{ fuzz_lengths }}" | sed -n 's/^{{ target }}=//p')
    [ -n "$length" ] || { echo "{{ target }} has no greatest length in the justfile"; exit 1; }
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    directory=fuzz/target
    [ "{{ sanitizer }}" = address ] || directory=fuzz/target/{{ sanitizer }}
    if ! cargo "+$(just nightly)" fuzz run --target-dir "$directory" --sanitizer "{{ sanitizer }}" "{{ target }}" "{{ finds }}" "fuzz/corpus/{{ target }}" -- \
        -dict="fuzz/dictionaries/{{ target }}.dict" -max_len="$length" -max_total_time="{{ seconds }}" -timeout=5 \
        -malloc_limit_mb=16 -rss_limit_mb=1024 -verbosity=0 -print_final_stats=1 > "$log" 2>&1; then
        cat "$log"
        exit 1
    fi
    awk '/number_of_executed_units/ { runs = $2 } /average_exec_per_sec/ { rate = $2 }
        END { if (runs == 0) exit 1; printf "{{ target }}: %d executions, %d a second\n", runs, rate }' "$log"

# The nightly toolchain that is installed, if there is one.
[private]
nightly:
    @rustup toolchain list | grep -o '^nightly[^ ]*' | head -n 1 || true

# `corpora` is a folder with one for each target. The profile is read with the toolchain's llvm-tools or with those of a
# distribution (Debian: llvm-19).
[doc("Prints what the corpora reach in the rooms that read what strangers send.")]
fuzz-coverage corpora="fuzz/corpus":
    #!/usr/bin/env bash
    set -euo pipefail
    tools=$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin
    profdata=$tools/llvm-profdata cov=$tools/llvm-cov
    if [ ! -x "$profdata" ]; then
        # Version 19 reads the profiles of the compilers up to LLVM 22; 14, which Debian 12 takes for the default, does not.
        version=$(compgen -c | sed -n 's/^llvm-profdata-\([0-9]*\)$/\1/p' | sort -n | tail -n 1)
        if [ "${version:-0}" -lt 19 ]; then
            echo "LLVM's tools are needed: rustup component add llvm-tools, or apt-get install llvm-19"
            exit 1
        fi
        profdata=llvm-profdata-$version cov=llvm-cov-$version
    fi
    directory=$PWD/fuzz/target/coverage
    RUSTFLAGS="-Cinstrument-coverage --cfg=fuzzing" CARGO_TARGET_DIR=$directory \
        cargo build --quiet --release --manifest-path fuzz/Cargo.toml
    rm -f "$directory"/*.profraw
    objects=()
    for target in $(ls {{ corpora }}); do
        objects+=(-object "$directory/release/$target")
        find "{{ corpora }}/$target" -type f -print0 \
            | LLVM_PROFILE_FILE="$directory/$target-%p.profraw" xargs -0 -n 2000 "$directory/release/$target" > "$directory/log" 2>&1 \
            || { cat "$directory/log"; exit 1; }
    done
    "$profdata" merge --sparse "$directory"/*.profraw -o "$directory/profdata"
    "$cov" report "${objects[@]}" --instr-profile="$directory/profdata" --show-branch-summary=false -sources \
        src/jose src/claims src/keys/remote/discovery.rs src/keys/remote/address.rs src/keys/remote/cache_control.rs \
        src/http/credentials.rs src/http/challenge.rs src/http/refusal.rs src/crypto/decode.rs src/crypto/key.rs src/verify/order.rs

# Changes one thing at a time in a room that decides, and fails if no test notices: see mutants/README.md.
mutants room shard="0/1":
    mutants/run {{ room }} {{ shard }}

# The same for the lines that differ from a commit, in whatever room.
mutants-changed base:
    #!/usr/bin/env bash
    set -euo pipefail
    lines=$(mktemp)
    trap 'rm -f "$lines"' EXIT
    git diff "{{ base }}" -- src > "$lines"
    for room in jose crypto claims verify require selection schedule answers; do
        mutants/run "$room" 0/1 "$lines"
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
