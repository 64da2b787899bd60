#!/usr/bin/env bash
# Builds the three commands and installs them with their shell completions and manual pages.
#
#   Scripts/install.sh [--prefix DIRECTORY] [--configuration debug|release] [--no-build] [--no-man]
#
#   --prefix         where to: DIRECTORY/bin, DIRECTORY/share; /usr/local unless told. DESTDIR goes before it
#   --configuration  which build; release unless told
#   --no-build       install what was built
#   --no-man         leave out the manual pages, whose generator has to be built too
#
# Exit status: 0 installed; 64 wrong usage; any other: what failed.
set -euo pipefail
# shellcheck source=Scripts/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

prefix=/usr/local
configuration=release
build=yes
man=yes

usage() {
    sed -n '4,9p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//' >&2
    exit 64
}

while [ $# -gt 0 ]; do
    case "$1" in
        --prefix | --configuration)
            [ $# -ge 2 ] || usage
            if [ "$1" = --prefix ]; then prefix=$2; else configuration=$2; fi
            shift
            ;;
        --no-build) build=no ;;
        --no-man) man=no ;;
        *) usage ;;
    esac
    shift
done
case "$configuration" in debug | release) ;; *) usage ;; esac
case "$prefix" in /*) ;; *) prefix=$PWD/$prefix ;; esac

cd "$root"
readonly commands=(gateway audio-client cache-inspect)
readonly target=${DESTDIR:-}$prefix

if [ "$build" = yes ]; then
    prepare
    for command in "${commands[@]}"; do
        timed "Build of $command" swift build -c "$configuration" --product "$command"
    done
fi
binaries=$(swift build -c "$configuration" --show-bin-path)

install -d "$target/bin" "$target/share/bash-completion/completions" "$target/share/zsh/site-functions" \
    "$target/share/fish/vendor_completions.d"
for command in "${commands[@]}"; do
    install -m 0755 "$binaries/$command" "$target/bin/$command"
    "$binaries/$command" --generate-completion-script bash >"$target/share/bash-completion/completions/$command"
    "$binaries/$command" --generate-completion-script zsh >"$target/share/zsh/site-functions/_$command"
    "$binaries/$command" --generate-completion-script fish >"$target/share/fish/vendor_completions.d/$command.fish"
done

if [ "$man" = yes ]; then
    # The generator comes with the argument parser; it asks each command for its help.
    timed "Manual pages" swift package generate-manual --configuration "$configuration" --multi-page
    install -d "$target/share/man/man1"
    find .build/plugins -path '*[Mm]anual*' \( -name 'gateway*.1' -o -name 'audio-client*.1' -o -name 'cache-inspect*.1' \) \
        -exec install -m 0644 -t "$target/share/man/man1" {} +
fi
say "Installed below $target"
