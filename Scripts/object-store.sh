#!/usr/bin/env bash
# Runs the backends that keep streams in an object store against a real one, on the loopback interface: OpenStack Swift
# with its S3 interface, from Debian's packages. The behaviour suite on `s3` and on `tiered`; two gateways over one store;
# the store killed in the middle of uploads, copies and reads, and started again; a slow store, and a full one; wrong
# credentials; a missing bucket; the inspector; and how fast cold reads are, beside curl's.
#
#   Scripts/object-store.sh [--require] [--no-build] [--quick] [serve|bench]
#
#   --require   fail where the store can't be had; without it that prints SKIPPED and succeeds
#   --no-build  use the executables that are there
#   --quick     leave out the behaviour suite
#   serve       start the store alone, print how to use it, and keep it until interrupted
#   bench       measure alone, with the executables that are there: in release, if GATEWAY names one of that build
#
# Environment: OBJECT_STORE_PORT, the first of six ports (default: 18600); GATEWAY, AUDIO_CLIENT and CACHE_INSPECT, the
# executables (default: those of .build/debug).
#
# Exit status: 0 everything held, or skipped; 1 something did not hold; 64 wrong usage; 69 skipped with --require.
set -euo pipefail
# shellcheck source=Scripts/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

require=no
build=yes
quick=no
serve=no
bench=no
while [ $# -gt 0 ]; do
    case "$1" in
        --require) require=yes ;;
        --no-build) build=no ;;
        --quick) quick=yes ;;
        serve) serve=yes ;;
        bench) bench=yes build=no quick=yes ;;
        *)
            sed -n '7,13p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//' >&2
            exit 64
            ;;
    esac
    shift
done

port=${OBJECT_STORE_PORT:-18600}
# A longer way to the same store.
slow_port=$((port + 5))
url=http://127.0.0.1:$port
bucket=streams
# Of a store that lives as long as this script, and listens to this machine alone.
export AWS_ACCESS_KEY_ID=audio:cache AWS_SECRET_ACCESS_KEY=secret-of-the-test-store

skip() {
    echo "object-store: $1"
    if [ "$require" = yes ]; then
        echo "object-store: FAILED, because of --require"
        exit 69
    fi
    echo "object-store: SKIPPED"
    exit 0
}

# The store: four servers over one directory, and the cache that its authentication needs.

have_store() {
    command -v swift-proxy-server >/dev/null && command -v swift-object-server >/dev/null \
        && command -v swift-container-server >/dev/null && command -v swift-account-server >/dev/null \
        && command -v swift-ring-builder >/dev/null && command -v memcached >/dev/null && command -v curl >/dev/null
}

install_store() {
    have_store && return
    command -v apt-get >/dev/null || skip "there is no OpenStack Swift here, and no apt-get to install it with."
    # Installing must not start servers of its own.
    (install_packages swift swift-proxy swift-account swift-container swift-object python3-swift memcached curl) \
        || skip "the packages of OpenStack Swift can't be installed."
    have_store || skip "the packages of OpenStack Swift were installed, but their commands are not there."
}

write_store_configuration() {
    mkdir -p "$store/etc" "$store/disks/disk" "$store/log"
    # Swift keeps what a file is in extended attributes of it.
    python3 -c 'import os, sys; os.setxattr(sys.argv[1], b"user.swift", b"1")' "$store/disks/disk" 2>/dev/null \
        || skip "the file system of $store has no extended attributes, which OpenStack Swift needs; set TMPDIR."
    local kind number=$port user
    user=$(id -un)
    for kind in account container object; do
        number=$((number + 1))
        cat >"$store/etc/$kind-server.conf" <<END
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $number
swift_dir = $store/etc
devices = $store/disks
mount_check = false
disable_fallocate = true
fallocate_reserve = 0
workers = 1
user = $user
log_level = WARNING
[pipeline:main]
pipeline = $kind-server
[app:$kind-server]
use = egg:swift#$kind
END
        swift-ring-builder "$store/etc/$kind.builder" create 4 1 0 >/dev/null
        swift-ring-builder "$store/etc/$kind.builder" add "r1z1-127.0.0.1:$number/disk" 1 >/dev/null
        swift-ring-builder "$store/etc/$kind.builder" rebalance >/dev/null
    done
    cat >"$store/etc/proxy-server.conf" <<END
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $port
swift_dir = $store/etc
workers = 2
user = $user
log_level = WARNING
[pipeline:main]
pipeline = catch_errors gatekeeper proxy-logging cache listing_formats bulk s3api tempauth copy container-quotas slo dlo proxy-logging proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:proxy-logging]
use = egg:swift#proxy_logging
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:$((port + 4))
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
s3_acl = false
[filter:tempauth]
use = egg:swift#tempauth
user_audio_cache = $AWS_SECRET_ACCESS_KEY .admin
[filter:copy]
use = egg:swift#copy
[filter:container-quotas]
use = egg:swift#container_quotas
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
END
}

store_pids=()

# start_store INSTEAD: INSTEAD is what to do where it does not come up, skip or die.
start_store() {
    local kind
    memcached -u "$(id -un)" -l 127.0.0.1 -p $((port + 4)) -m 32 >"$store/log/memcached" 2>&1 &
    store_pids=($!)
    for kind in account container object proxy; do
        # A group of its own, so that its workers end with it.
        setsid "swift-$kind-server" "$store/etc/$kind-server.conf" >>"$store/log/$kind" 2>&1 &
        store_pids+=($!)
    done
    wait_until 60 store_answers || "$1" "OpenStack Swift does not come up; its log: $(tail -n 20 "$store"/log/*)"
}

# kill_store: as a power cut would end it.
kill_store() {
    local pid
    for pid in "${store_pids[@]}"; do
        kill -KILL -- "-$pid" 2>/dev/null || kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    store_pids=()
}

# s3 METHOD PATH [CURL-ARGUMENTS...]: asks the store as anybody would, without the code under test.
s3() {
    local method=$1 path=$2 address
    shift 2
    address=$(python3 "$root/Scripts/presign.py" "$method" "$url" "$path")
    curl --silent --show-error --fail --max-time 20 -X "$method" "$@" "$address"
}

# set_quota BYTES: how much the bucket may have. By the store's own interface: S3 has no quotas.
set_quota() {
    local headers token storage
    headers=$(curl --silent --show-error --fail --max-time 20 --output /dev/null --dump-header - \
        --header "X-Storage-User: $AWS_ACCESS_KEY_ID" --header "X-Storage-Pass: $AWS_SECRET_ACCESS_KEY" \
        "$url/auth/v1.0" | tr -d '\r')
    token=$(sed -n 's/^X-Auth-Token: //Ip' <<<"$headers")
    storage=$(sed -n 's/^X-Storage-Url: //Ip' <<<"$headers")
    curl --silent --show-error --fail --max-time 20 --request POST --header "X-Auth-Token: $token" \
        --header "X-Container-Meta-Quota-Bytes: $1" "$storage/$bucket"
}

# Making a bucket that is there already is an answer, too.
store_answers() { s3 PUT "$bucket" >/dev/null 2>&1 || s3 GET "$bucket" >/dev/null 2>&1; }

# Gateways: two, each with a directory of its own.

declare -A gateway_pids=() gateway_ports=()
proxy_pid=
gateway=${GATEWAY:-$root/.build/debug/gateway}
audio_client=${AUDIO_CLIENT:-$root/.build/debug/audio-client}
cache_inspect=${CACHE_INSPECT:-$root/.build/debug/cache-inspect}

# write_configuration NAME BUCKET [URL [FILL]]: a tiered gateway's.
write_configuration() {
    cat >"$temporary/$1.json" <<END
{
  "log": { "level": "info" },
  "backend": {
    "type": "tiered",
    "ledger": "$temporary/$1.ledger",
    "revalidateMs": 1000,
    "fill": ${4:-true},
    "hot": { "type": "sqlite", "directory": "$temporary/$1" },
    "cold": {
      "type": "s3", "endpoint": "${3:-$url}", "bucket": "$2", "connectTimeoutMs": 2000, "requestTimeoutMs": 10000,
      "maxAttempts": 3
    }
  }
}
END
}

start_named() {
    start_gateway "$temporary/$1.log" "$gateway" --config "$temporary/$1.json" --port 0
    gateway_pids[$1]=$gateway_pid
    gateway_ports[$1]=$gateway_port
    gateway_pid=
}

stop_named() {
    kill "-$2" "${gateway_pids[$1]}" 2>/dev/null || true
    local status=0
    wait "${gateway_pids[$1]}" 2>/dev/null || status=$?
    [ "$2" != TERM ] || [ "$status" -eq 0 ] || die "$1 ended with status $status; its log: $(cat "$temporary/$1.log")"
    unset "gateway_pids[$1]"
}

server() { echo "ws://127.0.0.1:${gateway_ports[$1]}/audio"; }
client() { "$audio_client" "$@"; }
# inspect NAME ARGUMENTS...: looks into a gateway's tiers.
inspect() { "$cache_inspect" "${@:2}" --config "$temporary/$1.json"; }
upload() { client upload --quiet --id "$2" --server "$(server "$1")" "$3" >/dev/null; }
download() { client download --quiet --server "$(server "$1")" "$2" "$3" >/dev/null; }

# holds NAME STREAM FILE: the gateway serves the stream, and it is the file.
holds() {
    download "$1" "$2" "$temporary/read" 2>"$temporary/err" || return 1
    cmp -s "$temporary/read" "$3"
}

is_in_store() { s3 GET "$bucket/streams/$1" -o /dev/null; }
quietly() { "$@" >/dev/null 2>&1; }

# time_read ADDRESS FILE: reads it as anybody would; prints seconds to the first byte, and megabytes a second.
time_read() {
    curl --silent --show-error --fail --max-time 120 --output "$temporary/read" \
        --write-out '%{time_starttransfer} %{time_total}' "$1" >"$temporary/times"
    cmp -s "$temporary/read" "$2" || die "a measured read brought other bytes"
    awk -v bytes="$(wc -c <"$2")" '{ printf "%s %.1f\n", $1, bytes / 1e6 / $2 }' "$temporary/times"
}

# median FIELD FILE: of the values in that field.
median() {
    awk -v field="$1" '{ print $field }' "$2" | sort -g | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'
}

# measure: how fast a stream comes that only the store has, beside curl's straight from the store.
measure() {
    local runs=7 number name way
    say "How fast a stream comes that only the store has: $runs streams of 20 MB, medians"
    write_configuration writer "$bucket"
    write_configuration passing "$bucket" "$url" false
    write_configuration keeping "$bucket"
    for name in writer passing keeping; do start_named "$name"; done
    for number in $(seq $runs); do
        head -c 20000000 /dev/urandom >"$temporary/measured-$number"
        upload writer "measured-$number" "$temporary/measured-$number"
        wait_until 60 quietly is_in_store "measured-$number" || die "measured-$number does not reach the store"
    done
    for number in $(seq $runs); do
        for way in store passing keeping again; do
            case $way in
                store) name=$(python3 "$root/Scripts/presign.py" GET "$url" "$bucket/streams/measured-$number") ;;
                again) name=$(address keeping "measured-$number") ;;
                *) name=$(address "$way" "measured-$number") ;;
            esac
            # What is kept is there to read from when the last byte was fetched, and a moment later is sealed.
            [ "$way" != again ] || wait_until 30 is_kept "measured-$number" || die "measured-$number is not kept"
            time_read "$name" "$temporary/measured-$number" >>"$temporary/$way.times"
        done
    done
    printf '\n| Read by curl | First byte, ms | MB/s |\n|---|---|---|\n'
    row store 'straight from the store'
    row passing 'through a gateway that keeps nothing (`"fill": false`)'
    row keeping 'through a gateway, for the first time'
    row again 'through the same gateway again, from its hot tier'
    for name in writer passing keeping; do stop_named "$name" TERM; done
}

address() { echo "http://127.0.0.1:${gateway_ports[$1]}/streams/$2"; }
is_kept() { curl --silent --fail "$(address keeping "$1")/info" | grep -q '"copies":\["hot","cold"\]'; }
row() {
    printf '| %s | %.1f | %.0f |\n' "$2" "$(awk -v s="$(median 1 "$temporary/$1.times")" 'BEGIN { print s * 1000 }')" \
        "$(median 2 "$temporary/$1.times")"
}

end_everything() {
    local name
    [ -z "$proxy_pid" ] || kill "$proxy_pid" 2>/dev/null || true
    for name in "${!gateway_pids[@]}"; do stop_named "$name" KILL; done
    kill_store
    clean_up
}

[ "$serve" = yes ] || prepare
install_store
cd "$root"
make_temporary_directory
store=$temporary/store
trap end_everything EXIT
write_store_configuration

say "OpenStack Swift on $url"
start_store skip
s3 GET "$bucket" >/dev/null || die "the bucket can't be listed"

if [ "$serve" = yes ]; then
    printf 'AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s OBJECT_STORE_URL=%s OBJECT_STORE_BUCKET=%s\n' \
        "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" "$url" "$bucket"
    wait
    exit 0
fi

if [ "$bench" = yes ]; then
    measure
    exit 0
fi

[ "$build" = no ] || timed "Build" swift build --build-tests

if [ "$quick" = no ]; then
    export OBJECT_STORE_URL=$url OBJECT_STORE_BUCKET=$bucket
    for target in S3BackendTests TieredBackendTests; do
        timed "The behaviour suite on a real store: $target" \
            swift test --skip-build --disable-xctest --filter "^$target\.RealStoreTests"
    done
fi

say "Two gateways over one store: what one takes, the other serves"
head -c 20000000 /dev/urandom >"$temporary/one.audio"
head -c 7000000 /dev/urandom >"$temporary/two.audio"
write_configuration one "$bucket"
write_configuration two "$bucket"
start_named one
start_named two
upload one from-one "$temporary/one.audio"
upload two from-two "$temporary/two.audio"
for name in from-one from-two; do
    wait_until 60 quietly is_in_store "$name" || die "$name does not reach the store: $(cat "$temporary"/*.log)"
done
wait_until 30 holds two from-one "$temporary/one.audio" || die "the second gateway does not serve the first one's stream"
wait_until 30 holds one from-two "$temporary/two.audio" || die "the first gateway does not serve the second one's stream"

say "The store is killed in the middle of copies: uploads and local reads go on, and nothing is lost"
names=()
for number in 1 2 3 4; do
    head -c $((3000000 + number)) /dev/urandom >"$temporary/killed-$number.audio"
    upload one "killed-$number" "$temporary/killed-$number.audio"
    names+=("killed-$number")
    [ "$number" -ne 2 ] || kill_store
done
for name in "${names[@]}"; do
    holds one "$name" "$temporary/$name.audio" || die "$name can't be read while the store is away"
done
# And the gateway is killed, too, before it could copy.
stop_named one KILL
start_store die
start_named one
for name in "${names[@]}"; do
    wait_until 90 quietly is_in_store "$name" || die "$name does not reach the store: $(cat "$temporary/one.log")"
    wait_until 30 holds two "$name" "$temporary/$name.audio" || die "the second gateway does not serve $name"
done

say "The store is killed in the middle of a cold read, and comes back: the reader gets every byte"
write_configuration three "$bucket"
start_named three
client download --quiet --retries 60 --server "$(server three)" from-one "$temporary/interrupted" \
    >/dev/null 2>"$temporary/err" &
reader=$!
kill_store
start_store die
if ! wait "$reader"; then
    # It may have been told that the store is away; going on is what it is for.
    wait_until 60 holds three from-one "$temporary/one.audio" || die "the read can't be made good: $(cat "$temporary/err")"
else
    cmp -s "$temporary/interrupted" "$temporary/one.audio" || die "an interrupted read brought other bytes"
fi

say "What one gateway removes is gone for the others within revalidateMs"
client delete --force --quiet --server "$(server one)" from-two >/dev/null
is_gone() { ! quietly client info --quiet --server "$(server "$1")" "$2"; }
is_gone one from-two || die "the stream is still there"
wait_until 30 is_gone two from-two || die "the second gateway still serves a stream that was removed"

say "A slow store holds up neither uploads nor local reads, and gets everything in the end"
python3 "$root/Scripts/slow-proxy.py" "$slow_port" "$port" --delay 300 --rate 300000 >"$temporary/proxy" 2>&1 &
proxy_pid=$!
wait_until 30 test -s "$temporary/proxy" || die "the slow way to the store does not come up"
write_configuration slow "$bucket" "http://127.0.0.1:$slow_port"
start_named slow
upload slow crawling "$temporary/killed-1.audio"
is_in_store crawling 2>/dev/null && die "the upload waited for the store, or the store is not slow"
holds slow crawling "$temporary/killed-1.audio" || die "a slow store holds up local reads"
is_in_store crawling 2>/dev/null && die "the local read waited for the store, or the store is not slow"
holds slow killed-2 "$temporary/killed-2.audio" || die "a cold read from a slow store fails: $(cat "$temporary/err")"
wait_until 120 quietly is_in_store crawling || die "a slow store never gets the stream: $(cat "$temporary/slow.log")"
wait_until 60 holds two crawling "$temporary/killed-1.audio" || die "what came slowly is not served elsewhere"
stop_named slow TERM
kill "$proxy_pid" && proxy_pid=

say "A full store holds up neither uploads nor reads, is told, and gets everything when there is room"
set_quota 1
upload one overflowing "$temporary/killed-3.audio"
wait_until 30 grep -q "Make room in the store" "$temporary/one.log" || die "nobody says that the store is full"
upload one overflowing-too "$temporary/killed-4.audio"
holds one overflowing "$temporary/killed-3.audio" || die "a full store holds up local reads"
write_configuration four "$bucket"
start_named four
holds four killed-1 "$temporary/killed-1.audio" || die "a full store holds up cold reads: $(cat "$temporary/err")"
metrics=$(curl --silent --fail "http://127.0.0.1:${gateway_ports[one]}/metrics")
grep -q 'tier_pending_streams.* 2$' <<<"$metrics" || die "the metrics do not say what waits"
is_in_store overflowing 2>/dev/null && die "the store is not full"
set_quota 1000000000000
for name in overflowing overflowing-too; do
    wait_until 120 quietly is_in_store "$name" || die "$name does not reach the store: $(cat "$temporary/one.log")"
done
wait_until 30 holds four overflowing "$temporary/killed-3.audio" || die "what waited for room is not served elsewhere"
stop_named four TERM

say "Wrong credentials and a missing bucket are told, and do not stop uploads"
expect_complaint() {
    wait_until 30 grep -q "$2" "$temporary/$1.log" || die "no word of '$2' in: $(cat "$temporary/$1.log")"
    upload "$1" "lonely-$1" "$temporary/killed-1.audio"
    holds "$1" "lonely-$1" "$temporary/killed-1.audio" || die "a gateway without its store does not serve what it has"
}
write_configuration refused "$bucket"
right=$AWS_SECRET_ACCESS_KEY
export AWS_SECRET_ACCESS_KEY=not-the-secret
start_named refused
export AWS_SECRET_ACCESS_KEY=$right
expect_complaint refused "Check the access key"
! grep -q "not-the-secret" "$temporary/refused.log" || die "the log has the secret"
write_configuration homeless no-such-bucket
start_named homeless
expect_complaint homeless "Make the bucket 'no-such-bucket'"

say "The inspector reads what is in the store, and says where copies are"
inspect one verify --tier cold || die "the inspector finds fault with the store"
inspect one show killed-1 | grep -q '^copies .*hot, cold$' || die "the inspector does not say where the copies are"

for name in one two three refused homeless; do stop_named "$name" TERM; done
measure
say "The object store backends do what they are for"
