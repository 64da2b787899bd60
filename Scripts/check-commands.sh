#!/usr/bin/env bash
# Runs the commands of the documents that are marked to be run, against a gateway of its own, and what is in deploy/ as
# far as this machine has the tools for it.
#
# A block of commands, indented or between fences, after a line `<!-- run -->` is run as it stands, one after the other, in
# a directory with Samples, Configs and Scripts in it; `<!-- run: Configs/x.json -->` has a gateway with that configuration,
# and a command that starts a gateway takes its place. What was built stands for `swift run` and for `.build/release/`, the
# port of the gateway for 8080, and measuring takes a moment instead of its time.
#
# BINARIES names the directory with the three commands; SKIP_BUILD, that they are built.
set -euo pipefail
# shellcheck source=Scripts/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

cd "$root"
if [ -z "${SKIP_BUILD:-}" ]; then
    prepare
    for product in gateway audio-client cache-inspect; do swift build --product "$product"; done
fi
binaries=${BINARIES:-$(swift build --show-bin-path)}
missing=()
for tool in curl python3 openssl; do command -v "$tool" >/dev/null || missing+=("$tool"); done
[ "${#missing[@]}" -eq 0 ] || install_packages "${missing[@]}"
make_temporary_directory

# blocks FILE: "configuration<tab>command" of each line that is to be run.
blocks() {
    awk '
        /^<!-- run(: .*)? -->$/ { configuration = "-"; if (/: /) { configuration = $3 }; waiting = 1; next }
        waiting && /^$/ { next }
        waiting && /^```/ { fenced = 1; waiting = 0; next }
        fenced && /^```/ { fenced = 0; next }
        fenced { print configuration "\t" $0; next }
        waiting && /^    / { inside = 1; waiting = 0 }
        inside && /^    / { sub(/^ +/, ""); print configuration "\t" $0; next }
        { inside = 0; waiting = 0 }
    ' "$1"
}

# adapted COMMAND: with this build and this port.
adapted() {
    local command=${1%%  #*}
    command=${command//127.0.0.1:8080/127.0.0.1:$gateway_port}
    command=${command//localhost:8080/127.0.0.1:$gateway_port}
    command=${command#swift run }
    command=${command#.build/release/}
    command=${command//'$!'/$gateway_pid}
    case $command in
        'audio-client verify '* | cache-inspect* | gateway* | curl* | '(umask '* | printf* | Scripts/*) ;;
        'audio-client bench '*)
            command=${command/ bench / bench --server ws://127.0.0.1:$gateway_port/audio --seconds 0.2 --warm-up 0.1 --repeat 1 }
            ;;
        audio-client*) command="$command --server ws://127.0.0.1:$gateway_port/audio" ;;
        *) die "I don't know how to run: $1" ;;
    esac
    case $command in curl*) printf 'curl --fail --silent --show-error%s\n' "${command#curl}" ;; *) printf '%s\n' "$command" ;; esac
}

# starts_gateway COMMAND: whether it is one that serves until it is stopped; its arguments are left in `arguments`.
starts_gateway() {
    local command=${1%%  #*}
    command=${command%% &}
    [[ $command =~ (^|\ |/)gateway((\ --(config|cache-dir|host)\ [^ ]+)*)\ *$ ]] || return 1
    read -r -a arguments <<<"${BASH_REMATCH[2]} --port 0"
}

count=0
for document in README.md docs/*.md; do
    current=
    while IFS=$'\t' read -r -u 3 configuration command; do
        if [ "$configuration" != "$current" ]; then
            [ -z "$gateway_pid" ] || stop_gateway TERM
            work=$temporary/$(basename "$document").$count
            mkdir "$work"
            ln -s "$root/Samples" "$root/Configs" "$root/Scripts" "$work"
            arguments=(--port 0)
            [ "$configuration" = - ] || arguments+=(--config "$configuration")
            cd "$work"
            start_gateway "$temporary/log" "$binaries/gateway" "${arguments[@]}"
            current=$configuration
        fi
        printf '%s: %s\n' "$document" "$command"
        count=$((count + 1))
        if starts_gateway "$command"; then
            [ -z "$gateway_pid" ] || stop_gateway TERM
            start_gateway "$temporary/log" "$binaries/gateway" "${arguments[@]}"
            continue
        fi
        line=$(adapted "$command")
        (PATH=$binaries:$PATH && eval "$line") >"$temporary/out" 2>&1 \
            || die "$document: '$command' failed: $(cat "$temporary/out")"
    done 3< <(blocks "$root/$document")
    [ -z "$gateway_pid" ] || stop_gateway TERM
    cd "$root"
done
[ "$count" -gt 0 ] || die "no document has a command to run"

say "What is installed"
env BINARIES="$binaries" Scripts/install.sh --no-build --prefix "$temporary/prefix"
for script in "$temporary"/prefix/share/bash-completion/completions/*; do bash -n "$script"; done
if command -v mandoc >/dev/null; then
    for manual in "$temporary"/prefix/share/man/man1/*.1; do mandoc -T lint -W error "$manual"; done
fi
"$temporary/prefix/bin/gateway" --version

say "deploy/"
# The package is loaded whole, whatever is built of it.
for folder in $(sed -n 's|.*path: "\([^"/]*\).*|\1|p' Package.swift | sort -u); do
    grep -q "^COPY $folder $folder\$" deploy/container/Containerfile || die "the container has no $folder, which Package.swift names"
done
for config in deploy/*/gateway.json deploy/container/compose.json; do "$binaries/gateway" --config "$config" --check-config >/dev/null; done
if command -v systemd-analyze >/dev/null; then
    # Where the gateway is installed is not of interest here.
    for unit in audio-stream-cache.service audio-stream-cache.socket; do
        sed "s|/usr/bin/gateway|$binaries/gateway|; /^Documentation=/d" "deploy/systemd/$unit" >"$temporary/$unit"
    done
    systemd-analyze verify "$temporary/audio-stream-cache.service" "$temporary/audio-stream-cache.socket"
    printf 'systemd-analyze takes the units\n'
else
    printf 'SKIPPED: there is no systemd-analyze to look at the units\n'
fi
if command -v promtool >/dev/null; then
    promtool check config deploy/prometheus/prometheus.yml
    promtool test rules deploy/prometheus/alerts-test.yml
    start_gateway "$temporary/log" "$binaries/gateway" --port 0 --cache-dir "$temporary/cache"
    curl --fail --silent --show-error "http://127.0.0.1:$gateway_port/metrics" | promtool check metrics
    stop_gateway TERM
else
    printf 'SKIPPED: there is no promtool to look at the alerts and the metrics\n'
fi
say "$count commands of the documents did what they say"
