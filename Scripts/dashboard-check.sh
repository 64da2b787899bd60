#!/usr/bin/env bash
# Checks the dashboard in a headless Chromium against a real gateway: uploads, recordings, live listening, resumption,
# what hostile streams may not do, keyboard and screen reader, light and dark, wide and narrow. See docs/dashboard.md.
#
#   Scripts/dashboard-check.sh [--require] [--quick] [--no-build] [--picture] [--output DIRECTORY] [CHECK...]
#
#   --require   fail where there is no Chromium and none can be installed; without it that prints SKIPPED and succeeds
#   --quick     leave out what takes long: listening to whole files, drawing long ones, pictures of a gateway at work
#   --no-build  use the gateway that is there
#   --picture   write docs/images/dashboard.png anew
#   --output    where the pictures go; .build/dashboard unless told
#   CHECK       the names of checks to run, such as is_followed_live; all of them unless told
#
# Environment: CHROMIUM, the browser to use.
#
# Exit status: 0 all hold, or skipped; 1 one does not; 64 wrong usage; 69 skipped with --require.
set -euo pipefail
# shellcheck source=Scripts/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

require=no
build=yes
picture=()
quick=()
output=.build/dashboard

usage() {
    sed -n '5,12p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//' >&2
    exit 64
}

checks=()
while [ $# -gt 0 ]; do
    case "$1" in
        --require) require=yes ;;
        --quick) quick=(--quick) ;;
        --no-build) build=no ;;
        --picture) picture=(--picture docs/images/dashboard.png) ;;
        --output)
            [ $# -ge 2 ] || usage
            output=$2
            shift
            ;;
        -*) usage ;;
        *) checks+=("$1") ;;
    esac
    shift
done

skip() {
    echo "dashboard-check: $1"
    if [ "$require" = yes ]; then
        echo "dashboard-check: FAILED, because of --require"
        exit 69
    fi
    echo "dashboard-check: SKIPPED"
    exit 0
}

# Prints the first Chromium that there is.
find_chromium() {
    local candidate
    for candidate in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
        if [ -n "$candidate" ] && command -v "$candidate"; then return 0; fi
    done
    return 1
}

if ! command -v python3 >/dev/null || ! find_chromium >/dev/null; then
    # In a shell of its own: where nothing can be installed, that is no failure.
    (install_packages chromium python3 fonts-liberation) || skip "Chromium could not be installed."
fi
chromium=$(find_chromium) || skip "there is no Chromium; set CHROMIUM to one."

cd "$root"
if [ "${#picture[@]}" -gt 0 ]; then
    # The one of the documents has good letters, and the same ones wherever it is taken.
    install_packages fonts-inter fonts-jetbrains-mono
    export XDG_CONFIG_HOME=$root/Tests/Dashboard/fonts
fi
if [ "$build" = yes ]; then swift build --product gateway; fi
gateway=$(swift build --show-bin-path)/gateway
[ -x "$gateway" ] || die "there is no $gateway; run this without --no-build."

PYTHONDONTWRITEBYTECODE=1 python3 Tests/Dashboard/check.py --gateway "$gateway" --chromium "$chromium" --samples Samples \
    --output "$output" "${quick[@]}" "${picture[@]}" "${checks[@]}"
