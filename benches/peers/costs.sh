#!/usr/bin/env bash
# Builds, from an empty target folder each, the projects of `minimal/`, which verify one token and do nothing else. Prints
# and writes into costs.json how many crates each needs, what a debug build takes (the processor time of all its
# processes, and the wall time, which means little on a busy machine) and the resident memory of that program. Downloads
# come first: the network is not part of the figure. Takes a quarter of an hour on a machine that does nothing else.
#
# usage: costs.sh [project ...]     (without any: all of them; the others keep the figures that they have)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# Neither a target folder nor settings inherited from the caller: a user has none of them.
unset CARGO_TARGET_DIR CARGO_PROFILE_DEV_DEBUG CARGO_INCREMENTAL RUSTFLAGS

all=(portcullis portcullis-core jsonwebtoken-aws-lc jsonwebtoken-RustCrypto jwt-simple josekit jwtk-aws-lc jwtk-OpenSSL
    jwt-authorizer axum-jwt-auth tower-oauth2-resource-server oauth-resource-server huskarl-resource-server)
wanted=("$@")
[ $# -gt 0 ] || wanted=("${all[@]}")
machine="$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1), $(nproc) threads"

# The file as it is, with the line of one project replaced.
keep() { # name, line
    local lines=() name line
    for name in "${all[@]}"; do
        if [ "$name" = "$1" ]; then
            line=$2
        else
            line=$(grep -F "\"name\": \"$name\"" "$here/costs.json" 2>/dev/null | sed 's/,$//') || continue
        fi
        lines+=("$line")
    done
    {
        printf '{\n  "machine": "%s",\n  "date": "%s",\n  "projects": [\n' "$machine" "$(date -u +%F)"
        printf '%s,\n' "${lines[@]}" | sed '$s/,$//'
        printf '  ]\n}\n'
    } >"$scratch/costs.json"
    cp "$scratch/costs.json" "$here/costs.json"
}

for name in "${wanted[@]}"; do
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
    TIMEFORMAT='%R %U %S'
    if ! times=$( { time cargo build --quiet --offline >&2; } 2>&1 ); then
        echo "$name: could not be built: $times" >&2
        continue
    fi
    read -r wall user system <<<"$(tail -n 1 <<<"$times")"
    cpu=$(awk "BEGIN { printf \"%.1f\", $user + $system }")
    memory=$(./target/debug/user)
    resident=$(awk '/^VmRSS/ { print $2 }' <<<"$memory")
    anonymous=$(awk '/^RssAnon/ { print $2 }' <<<"$memory")
    printf '%-28s %4d crates, %6.1f s of processor time (%.1f s on the wall), %6d KiB resident, %6d anonymous\n' \
        "$name" "$crates" "$cpu" "$wall" "$resident" "$anonymous"
    keep "$name" "$(printf '    { "name": "%s", "crates": %d, "cpu": %.1f, "wall": %.1f, "resident": %d, "anonymous": %d }' \
        "$name" "$crates" "$cpu" "$wall" "$resident" "$anonymous")"
    cd "$here"
    rm -rf "$project"
done
echo "written: benches/peers/costs.json"
