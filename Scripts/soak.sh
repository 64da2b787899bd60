#!/usr/bin/env bash
# Uploads, drops, resumes, aborts, reads and deletes streams on a gateway of each backend for so many minutes, and looks
# that memory, descriptors, mappings, threads, files and rows are back where they were after half a minute.
#
#   Scripts/soak.sh MINUTES [--seed SEED] [--backend mmap|sqlite|memory]...
#
# It prints a table; exit status 1 where something has grown. GATEWAY names the command to try; without it, it is built,
# with BUILD_FLAGS.
set -euo pipefail
# shellcheck source=Scripts/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

[ $# -ge 1 ] || die "for how long? Scripts/soak.sh MINUTES [--seed SEED] [--backend mmap|sqlite|memory]..."
find_commands gateway
find_python
exec "$python" "$root/Tests/Faults/soak.py" --gateway "$GATEWAY" "$@"
