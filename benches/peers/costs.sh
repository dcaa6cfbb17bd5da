#!/bin/sh
# Builds, from an empty target folder each, the projects of `minimal/`, which verify one token and do nothing else; prints
# and writes into costs.json how many crates each needs, the wall time of a debug build, and the resident memory of that
# program. Downloads come first: the network is not part of the figure. Takes a quarter of an hour.
#
# usage: costs.sh [project ...]     (without any: all of them; costs.json is written only then)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# Neither a target folder nor settings inherited from the caller: a user has none of them.
unset CARGO_TARGET_DIR CARGO_PROFILE_DEV_DEBUG CARGO_INCREMENTAL RUSTFLAGS

names=${*:-"portcullis portcullis-core jsonwebtoken-aws-lc jsonwebtoken-RustCrypto jwt-simple josekit jwtk-aws-lc
    jwtk-OpenSSL jwt-authorizer axum-jwt-auth tower-oauth2-resource-server oauth-resource-server huskarl-resource-server"}
projects=""
for name in $names; do
    project=$scratch/$name
    mkdir -p "$project/src"
    cp "$here/minimal/$name.rs" "$project/src/main.rs"
    for file in resident.rs claims.rs token.txt jwk.json jwks.json; do cp "$here/minimal/$file" "$project/src/"; done
    {
        printf '[package]\nname = "user"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n[dependencies]\n'
        sed -n 's|^//# ||p' "$here/minimal/$name.rs" | sed "s|@repository@|$repository|"
    } >"$project/Cargo.toml"
    cd "$project"
    cargo fetch --quiet
    crates=$(cargo tree --edges normal,build --prefix none --no-dedupe | sed 's/ (.*//' | sort -u | grep -c -v '^user ')
    load=$(cut -d' ' -f1 /proc/loadavg 2>/dev/null || echo '?')
    start=$(date +%s.%N)
    if ! cargo build --quiet --offline; then
        echo "$name: could not be built" >&2
        continue
    fi
    end=$(date +%s.%N)
    build=$(echo "$end $start" | awk '{ printf "%.1f", $1 - $2 }')
    memory=$(./target/debug/user)
    resident=$(echo "$memory" | awk '/^VmRSS/ { print $2 }')
    anonymous=$(echo "$memory" | awk '/^RssAnon/ { print $2 }')
    printf '%-28s %4d crates  %6.1f s  %6d KiB resident, %6d anonymous  (load %s before)\n' \
        "$name" "$crates" "$build" "$resident" "$anonymous" "$load"
    entry=$(printf '{ "name": "%s", "crates": %d, "build": %s, "resident": %d, "anonymous": %d }' \
        "$name" "$crates" "$build" "$resident" "$anonymous")
    projects="${projects:+$projects,
}    $entry"
    rm -rf "$project"
done

if [ $# -eq 0 ]; then
    processor=$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo 2>/dev/null | head -n 1)
    printf '{\n  "date": "%s",\n  "machine": "%s, %s threads",\n  "projects": [\n%s\n  ]\n}\n' \
        "$(date -u +%F)" "${processor:-$(uname -m)}" "$(getconf _NPROCESSORS_ONLN)" "$projects" >"$here/costs.json"
    echo "written: benches/peers/costs.json"
fi
