#!/usr/bin/env bash
# Kills a gateway (kill -9) at random moments under mixed load, starts it again on the same directory, and checks what it
# promised: every acknowledged stream whole and its digest right; unfinished ones as far as they were acknowledged or
# read, without a hole; nothing removed that comes back; files and index in agreement. See docs/reliability.md.
#
#   Scripts/crash-loop.sh ROUNDS [--seed SEED] [--backend mmap|sqlite] [--directory DIRECTORY]
#
# The load is uploads with digests, right and wrong ones, broken off, resumed, taken over, aborted and overwritten, reads,
# live tails, deletions, expiry and eviction. It prints its seed; the same seed does the same, as far as the times of the
# two processes allow. After a failure the directory, the index and the gateway's log are kept.
#
# GATEWAY and CACHE_INSPECT name the commands to try; without them they are built, with BUILD_FLAGS.
set -euo pipefail
# shellcheck source=Scripts/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

[ $# -ge 1 ] || die "how many rounds? Scripts/crash-loop.sh ROUNDS [--seed SEED] [--backend mmap|sqlite]"
find_commands gateway cache-inspect
find_python
exec "$python" "$root/Tests/Faults/crash_loop.py" --gateway "$GATEWAY" --cache-inspect "$CACHE_INSPECT" "$@"
