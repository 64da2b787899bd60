#!/usr/bin/env bash
# The HTTP face as its users use it: curl and ffmpeg, which know nothing of this system, against a running gateway on each
# of the three configurations. Ranges, resuming, conditions, digests, uploads that break off, and streams that are played
# while they are written.
#
# GATEWAY names the gateway to run; without it, it is built. BACKENDS chooses among mmap, sqlite and memory. Where ffmpeg
# can't be had, its checks are skipped and said to be.
set -euo pipefail
# shellcheck source=Scripts/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

cd "$root"
command -v curl >/dev/null || install_packages curl ca-certificates
if ! command -v ffmpeg >/dev/null || ! command -v ffprobe >/dev/null; then
    # It is large, and only one part of this needs it.
    (install_packages ffmpeg) || printf 'ffmpeg can not be installed here.\n'
fi
has_ffmpeg=true
command -v ffmpeg >/dev/null && command -v ffprobe >/dev/null || has_ffmpeg=false
if [ -z "${GATEWAY:-}" ]; then
    prepare
    swift build --product gateway
    GATEWAY=$(swift build --show-bin-path)/gateway
fi
make_temporary_directory

readonly mp3=Samples/hello.mp3 opus=Samples/hello.opus
passed=0
failed=0
skipped=0
rows=()

# check NAME COMMAND...: runs a check and notes what came of it. It is a process of its own, for only there does the first
# command that fails end it.
check() {
    local name=$1 mark
    shift
    (set -e; "$@") >"$temporary/out" 2>&1 &
    if wait $!; then
        mark=ok passed=$((passed + 1))
    else
        mark=FAILED failed=$((failed + 1))
        # An upload may still wait to be let go on.
        # shellcheck disable=SC2016 # The inner shell expands it.
        [ ! -p "$temporary/gate" ] || timeout 1 sh -c ': >"$1"' - "$temporary/gate" || true
    fi
    printf '  %-6s  %s\n' "$mark" "$name"
    [ "$mark" = ok ] || sed 's/^/          /' "$temporary/out"
}

# play NAME COMMAND...: a check that needs ffmpeg.
play() {
    if $has_ffmpeg; then
        check "$@"
    else
        printf '  %-6s  %s: there is no ffmpeg\n' skip "$1"
        skipped=$((skipped + 1))
    fi
}

# fetch ARGUMENTS...: curl, quiet but for errors, a failing status among them.
fetch() { curl --fail --silent --show-error --max-time 60 "$@"; }

# status ARGUMENTS...: only the status.
status() { curl --silent --max-time 60 --output /dev/null --write-out '%{http_code}' "$@"; }

# is_status WANTED ARGUMENTS...
is_status() {
    local wanted=$1 found
    shift
    found=$(status "$@")
    [ "$found" = "$wanted" ] || die "status $found instead of $wanted"
}

# has_status WANTED ARGUMENTS...: the same, to be waited for.
has_status() { [ "$(status "${@:2}")" = "$1" ]; }

# header NAME ARGUMENTS...: the value of a header of the answer to HEAD.
header() {
    local name=$1
    shift
    fetch --head "$@" | tr -d '\r' | sed -n "s/^$name: //Ip"
}

# digest FILE: its SHA-256 as HTTP writes it.
digest() {
    local bytes
    bytes=$(sha256sum "$1" | sed 's/ .*//; s/../\\x&/g')
    # shellcheck disable=SC2059 # The format is the bytes.
    printf 'sha-256=:%s:' "$(printf "$bytes" | base64)"
}

size() { wc -c <"$1" | tr -d ' '; }

is_longer_than() { [ -e "$1" ] && [ "$(size "$1")" -ge "$2" ]; }

# stored NAME, state NAME: what is known of a stream.
stored() { fetch "$url/streams/$1/info" | sed -n 's/.*"size":\([0-9]*\).*/\1/p'; }
state() { fetch "$url/streams/$1/info" | sed -n 's/.*"state":"\([a-z]*\)".*/\1/p'; }
has_stored() { [ "$(stored "$1")" = "$2" ]; }
is_in_state() { [ "$(state "$1")" = "$2" ]; }
readers() { fetch "$url/streams/$1/info" | sed -n 's/.*"readers":\([0-9]*\).*/\1/p'; }
has_reader() { [ "$(readers "$1")" = 1 ]; }

# MARK: What curl does

puts() {
    fetch --upload-file "$mp3" --header 'Content-Type: audio/mpeg' --header "Repr-Digest: $(digest "$mp3")" "$url/streams/mp3"
    fetch --upload-file "$opus" "$url/streams/opus"
    [ "$(header content-type "$url/streams/opus")" = 'audio/ogg; codecs=opus' ]
    [ "$(header repr-digest "$url/streams/opus")" = "$(digest "$opus")" ]
}

posts() {
    local place
    place=$(fetch --data-binary "@$mp3" --dump-header - --output /dev/null "$url/streams" | tr -d '\r' | sed -n 's/^location: //Ip')
    fetch "$url$place" | cmp - "$mp3"
    is_status 204 --request DELETE "$url$place"
}

whole() {
    fetch "$url/streams/mp3" | cmp - "$mp3"
    [ "$(header content-length "$url/streams/mp3")" = "$(size "$mp3")" ]
}

ranges() {
    fetch --range 1000-1999 "$url/streams/mp3" | cmp - <(tail -c +1001 "$mp3" | head -c 1000)
    fetch --range -500 "$url/streams/mp3" | cmp - <(tail -c 500 "$mp3")
    is_status 206 --range 0-9,20-29 "$url/streams/mp3"
    is_status 416 --range 99999999- "$url/streams/mp3"
}

resumes() {
    head -c 50000 "$mp3" >"$temporary/part"
    fetch --continue-at - --output "$temporary/part" "$url/streams/mp3"
    cmp "$temporary/part" "$mp3"
}

conditions() {
    fetch --etag-save "$temporary/etag" --output "$temporary/copy" "$url/streams/mp3"
    is_status 304 --etag-compare "$temporary/etag" "$url/streams/mp3"
    touch -d '+1 day' "$temporary/copy"
    is_status 304 --time-cond "$temporary/copy" "$url/streams/mp3"
    is_status 412 --header 'If-Match: "other"' "$url/streams/mp3"
}

mismatch() {
    is_status 422 --upload-file "$mp3" --header "Repr-Digest: $(digest "$opus")" "$url/streams/wrong"
    is_in_state wrong suspended
    is_status 204 --request DELETE "$url/streams/wrong"
}

# What broke off is kept, and curl goes on from there by itself.
breaks_off() {
    local upload
    # The process itself, not a shell around it, is what is killed.
    (exec curl --silent --upload-file "$mp3" --limit-rate 3000 "$url/streams/broken") &
    upload=$!
    wait_until 30 has_status 200 --head "$url/streams/broken"
    has_stored() { [ "$(stored broken)" -gt 0 ]; }
    wait_until 30 has_stored
    kill -KILL "$upload"
    wait "$upload" 2>/dev/null || true
    wait_until 30 is_in_state broken suspended || die "the stream is not suspended but $(state broken)"
    local offset
    offset=$(stored broken)
    printf 'broken off at %s\n' "$offset"
    [ "$offset" -gt 0 ] && [ "$offset" -lt "$(size "$mp3")" ]
    is_status 409 --upload-file "$mp3" "$url/streams/broken"
    fetch --upload-file "$mp3" --continue-at "$offset" "$url/streams/broken"
    fetch "$url/streams/broken" | cmp - "$mp3"
    is_status 204 --request DELETE "$url/streams/broken"
}

# begin_live NAME FILE: uploads half of a file, and the rest once end_live is called.
live_upload=
begin_live() {
    rm -f "$temporary/gate"
    mkfifo "$temporary/gate"
    live_half=$(($(size "$2") / 2))
    {
        head -c "$live_half" "$2"
        cat "$temporary/gate" >/dev/null
        tail -c +$((live_half + 1)) "$2"
    } | fetch --upload-file - "$url/streams/$1" >/dev/null &
    live_upload=$!
    wait_until 30 has_stored "$1" "$live_half"
}

end_live() {
    : >"$temporary/gate"
    wait "$live_upload"
}

follows() {
    local reader
    begin_live live "$mp3"
    fetch --no-buffer --output "$temporary/followed" "$url/streams/live" &
    reader=$!
    wait_until 30 is_longer_than "$temporary/followed" "$live_half"
    # A range does not wait for the rest, and HEAD tells how much there is (RFC 8673).
    fetch --range 100-199 "$url/streams/live" | cmp - <(tail -c +101 "$mp3" | head -c 100)
    [ "$(header content-range --range 0- "$url/streams/live")" = "bytes 0-$((live_half - 1))/*" ]
    end_live
    wait "$reader"
    cmp "$temporary/followed" "$mp3"
    is_status 204 --request DELETE "$url/streams/live"
}

lists() {
    # Not into grep -q, which ends at the first match and leaves curl with nobody to write to.
    local text
    text=$(fetch "$url/streams?prefix=mp&limit=1")
    [[ $text == '{"streams":[{"streamId":"mp3","state":"sealed","size":'* ]]
    text=$(fetch "$url/openapi.json")
    [[ $text == *'"openapi": "3.1.0"'* ]]
    is_status 400 --path-as-is "$url/streams/%2e%2e"
    is_status 400 --path-as-is "$url/streams/.."
    is_status 403 --header 'Origin: https://evil.example' "$url/streams"
}

removes() {
    is_status 204 --request DELETE "$url/streams/mp3"
    is_status 404 "$url/streams/mp3"
    is_status 204 --request DELETE "$url/streams/opus"
}

# MARK: What players do

# samples SOURCE: the digest of what ffmpeg decodes.
samples() { ffmpeg -nostdin -v error -i "$1" -f md5 -; }

# streamed FILE: the same, where it does not know how long the file is. Then it can't leave out the silence with which an
# encoder has filled up the last frame of an MP3.
streamed() { ffmpeg -v error -i pipe:0 -f md5 - < <(cat "$1"); }

probes() {
    local format
    format=$(ffprobe -v error -show_entries format=format_name,duration -of csv=p=0 "$url/streams/$1")
    printf '%s\n' "$format"
    [ "$format" = "$(ffprobe -v error -show_entries format=format_name,duration -of csv=p=0 "$2")" ]
}

decodes() { [ "$(samples "$url/streams/$1")" = "$(samples "$2")" ]; }

seeks() {
    ffmpeg -nostdin -v error -ss 1 -i "$url/streams/$1" -t 1 -f null -
}

plays_live() {
    local player name=live-${1##*.}
    begin_live "$name" "$1"
    samples "$url/streams/$name" >"$temporary/live-samples" &
    player=$!
    wait_until 30 has_reader "$name" || die "the player does not read"
    kill -0 "$player" || die "the player has ended, though the stream has not"
    end_live
    wait "$player"
    is_status 204 --request DELETE "$url/streams/$name"
    [ "$(cat "$temporary/live-samples")" = "$(streamed "$1")" ] || die "other samples: $(cat "$temporary/live-samples")"
}

# MARK: All of it, on each backend

read -r -a backends <<<"${BACKENDS:-mmap sqlite memory}"
for backend in "${backends[@]}"; do
    directory=()
    [ "$backend" = memory ] || directory=(--cache-dir "$temporary/$backend")
    say "Configs/$backend.json"
    start_gateway "$temporary/log" "$GATEWAY" --config "Configs/$backend.json" --port 0 "${directory[@]}"
    url=http://127.0.0.1:$gateway_port
    before=$passed before_failed=$failed
    check "PUT, digest checked, kind found" puts
    check "POST, the gateway makes the id" posts
    check "GET of the whole, HEAD" whole
    check "ranges: one, several, none" ranges
    check "curl --continue-at - (download)" resumes
    check "ETag and date: 304, 412" conditions
    check "a wrong digest: 422, kept suspended" mismatch
    check "an upload that is killed, and curl --continue-at (upload)" breaks_off
    check "a live stream, followed; a range of it at once" follows
    check "list, description, refusals" lists
    for name in mp3 opus; do
        play "ffprobe $name" probes "$name" "Samples/hello.$name"
        play "ffmpeg decodes $name, sample for sample" decodes "$name" "Samples/hello.$name"
        play "ffmpeg seeks in $name" seeks "$name"
        play "ffmpeg plays $name while it is written" plays_live "Samples/hello.$name"
    done
    check "DELETE" removes
    stop_gateway TERM
    rows+=("$(printf '%-8s %3d passed %3d failed' "$backend" $((passed - before)) $((failed - before_failed)))")
    [ "$gateway_status" -eq 0 ] || die "SIGTERM ended the gateway with status $gateway_status: $(cat "$temporary/log")"
done

say "HTTP"
printf '%s\n' "${rows[@]}"
[ "$skipped" -eq 0 ] || printf '%d checks were skipped, because there is no ffmpeg.\n' "$skipped"
[ "$failed" -eq 0 ] || die "$failed of $((passed + failed)) checks failed"
printf 'All %d checks passed, with %s\n' "$passed" "$(curl --version | head -n 1 | cut -d ' ' -f 1,2)"
