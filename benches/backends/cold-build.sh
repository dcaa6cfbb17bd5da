#!/bin/sh
# Builds a project that has one signature library as its only dependency, from an empty target folder, and prints
# the wall time of a debug build and the number of crates. Downloads come first: the network is not part of the figure.
#
# usage: cold-build.sh [rounds]
set -eu
rounds=${1:-1}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

candidate() { # name, dependency lines
    mkdir -p "$scratch/$1/src"
    printf '[package]\nname = "user"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n[dependencies]\n%b\n' "$2" \
        >"$scratch/$1/Cargo.toml"
    echo 'fn main() {}' >"$scratch/$1/src/main.rs"
    (cd "$scratch/$1" && cargo fetch --quiet)
}

candidate aws-lc-rs 'aws-lc-rs = "1.19"'
candidate aws-lc-rs-lean 'aws-lc-rs = { version = "1.19", default-features = false, features = ["aws-lc-sys"] }'
candidate ring 'ring = "0.17"'
candidate graviola 'graviola = "0.4"'
candidate rust-crypto \
    'rsa = { version = "0.9", features = ["sha2"] }\np256 = "0.14"\np384 = "0.14"\ned25519-dalek = "3"'

round=0
while [ "$round" -lt "$rounds" ]; do
    for project in "$scratch"/*/; do
        cd "$project"
        rm -rf target
        # A target folder inherited from the caller would not be empty.
        unset CARGO_TARGET_DIR
        crates=$(cargo tree --edges normal,build --prefix none --no-dedupe | sed 's/ (.*//' | sort -u | grep -c -v '^user ')
        start=$(date +%s.%N)
        cargo build --quiet --offline
        end=$(date +%s.%N)
        printf '%-16s %6.1f s  %3d crates  load %s\n' "$(basename "$project")" \
            "$(echo "$end $start" | awk '{print $1 - $2}')" "$crates" "$(cut -d' ' -f1 /proc/loadavg 2>/dev/null || echo '?')"
    done
    round=$((round + 1))
done
