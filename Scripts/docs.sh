#!/usr/bin/env bash
# Makes the reference of the libraries with DocC, into .build/docs or the directory that is named. Fails where a link in it
# leads nowhere.
set -euo pipefail
# shellcheck source=Scripts/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

prepare
cd "$root"
output=${1:-.build/docs}
mkdir -p "$output"
# Only this needs the plugin.
export AUDIO_STREAM_CACHE_DOCS=1
for target in CacheProtocol BackendTestKit MmapBackend MemoryPoolBackend SQLiteBackend; do
    timed "Reference of $target" swift package --allow-writing-to-directory "$output" \
        generate-documentation --target "$target" --warnings-as-errors --output-path "$output/$target"
done
say "The reference is in $output"
