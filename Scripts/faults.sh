#!/usr/bin/env bash
# Brings faults about for real (full, dying and stalled disks, power cuts, damaged files and indexes, kills at chosen
# calls, limits, signals, silent networks) and looks what comes of each, a bystander included. The rows are those
# of docs/reliability.md.
#
#   Scripts/faults.sh [--quick] [--list] [--backend mmap|sqlite] [ROW...]
#
# A row is meant by its name, a part of it, or its number; without, all of them are played, which takes about half an
# hour; --quick plays those that take seconds. Rows that need root, or something that this machine lacks, say so and are
# skipped. It prints a table; exit status 1 where a row failed, whose directory and log are kept.
#
# GATEWAY, CACHE_INSPECT and AUDIO_CLIENT name the commands to try; without them they are built, with BUILD_FLAGS.
set -euo pipefail
# shellcheck source=Scripts/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

find_python
case " $* " in *" --list "*) exec "$python" "$root/Tests/Faults/faults.py" "$@" ;; esac
find_commands gateway cache-inspect audio-client
# What is missing and can't be installed here only leaves out the rows that need it.
missing=()
command -v strace >/dev/null || missing+=(strace)
command -v nft >/dev/null || missing+=(nftables)
command -v ip >/dev/null || missing+=(iproute2)
command -v mkfs.ext4 >/dev/null || missing+=(e2fsprogs)
if [ "${#missing[@]}" -gt 0 ] && command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]; then
    install_packages "${missing[@]}" || echo "Without ${missing[*]}: the rows that need them are skipped."
fi
exec "$python" "$root/Tests/Faults/faults.py" --gateway "$GATEWAY" --cache-inspect "$CACHE_INSPECT" \
    --audio-client "$AUDIO_CLIENT" "$@"
