#!/usr/bin/env bash
# Compares docs/configuration.md with the code: every key of the tables exists, every key of the code is in a table, and
# the defaults are those in force. Also looks that links between documents lead somewhere, and that the tutorial is the
# example.
#
# GATEWAY names the gateway to ask; without it, it is built.
set -euo pipefail
# shellcheck source=Scripts/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

cd "$root"
if [ -z "${GATEWAY:-}" ]; then
    prepare
    swift build --product gateway
    GATEWAY=$(swift build --show-bin-path)/gateway
fi
readonly document=docs/configuration.md
make_temporary_directory
faults=0

fault() {
    printf '%s\n' "$*" >&2
    faults=$((faults + 1))
}

# documented NAME: "key default" of each row of a table, sorted; the default as JSON, — where there is none.
documented() {
    awk -v name="$1" -F ' *[|] *' '
        /^<!-- keys: / { inside = ($0 == "<!-- keys: " name " -->") }
        inside && $2 ~ /^`/ { gsub(/`/, "", $2); gsub(/`/, "", $4); print $2, $4 }
    ' "$document" | LC_ALL=C sort
}

# needs TYPE: the members without which a backend's section is refused.
needs() {
    local store='"endpoint": "http://127.0.0.1:9", "bucket": "b"'
    case $1 in
        s3) printf ', %s' "$store" ;;
        tiered) printf ', "ledger": "l", "hot": { "type": "sqlite" }, "cold": { "type": "s3", %s }' "$store" ;;
    esac
}

# in_force TYPE: "key value" of each value that the gateway prints for a backend with nothing but what it needs, sorted.
in_force() {
    printf '{ "backend": { "type": "%s"%s } }\n' "$1" "$(needs "$1")" >"$temporary/config.json"
    "$GATEWAY" --config "$temporary/config.json" --check-config | awk '
        { sub(/^ +/, ""); sub(/,$/, "") }
        /: \{$/ { split($0, parts, "\""); prefix = prefix parts[2] "."; next }
        /^\}/ { sub(/[^.]*\.$/, "", prefix); next }
        /^"/ { key = $0; sub(/^"/, "", key); sub(/".*/, "", key); value = $0; sub(/^"[^"]*": /, "", value)
               print prefix key, value }
    ' | LC_ALL=C sort
}

# known TYPE OBJECT: the keys that the gateway knows in an object of the configuration, by asking for one that it does
# not know: its complaint lists them.
known() {
    local type=$1 object=$2 prefix=
    case $object in
        '') printf '{ "zzzzzzzzzzzz": 1, "backend": { "type": "%s"%s } }\n' "$type" "$(needs "$type")" ;;
        backend) printf '{ "backend": { "type": "%s"%s, "zzzzzzzzzzzz": 1 } }\n' "$type" "$(needs "$type")" ;;
        *) printf '{ "%s": { "zzzzzzzzzzzz": 1 }, "backend": { "type": "%s" } }\n' "$object" "$type" ;;
    esac >"$temporary/config.json"
    [ -z "$object" ] || prefix=$object.
    { "$GATEWAY" --config "$temporary/config.json" --check-config 2>&1 >/dev/null || true; } \
        | sed -n 's/.*found an unknown key; accepted: \([^;]*\)\.$/\1/p' | tr -d ' ' | tr ',' '\n' | sed "s/^/$prefix/"
}

compare() {
    local what=$1 kind
    while IFS= read -r line; do
        case $line in '<'*) kind="only in $document" ;; '>'*) kind="only in the code" ;; *) continue ;; esac
        fault "$what: $kind: ${line#??}"
    done < <(diff "$2" "$3" || true)
}

mapfile -t types < <(sed -n 's/^<!-- keys: \(.*\) -->$/\1/p' "$document" | grep -v '^gateway$')
[ "${#types[@]}" -gt 0 ] || die "$document has no table of a backend"

for type in "${types[@]}"; do
    # What had to be given is no default, and a tier's keys are those of its own type.
    in_force "$type" | grep '^backend\.' \
        | grep -v -E '^backend\.(type|endpoint|bucket|ledger|hot\..*|cold\..*) ' >"$temporary/code" || true
    [ -s "$temporary/code" ] || fault "$type: the gateway has no such backend, or it has no keys"
    documented "$type" | grep -v ' —$' >"$temporary/document"
    compare "$type, defaults" "$temporary/document" "$temporary/code"
    known "$type" backend | LC_ALL=C sort >"$temporary/code"
    documented "$type" | cut -d ' ' -f 1 >"$temporary/document"
    compare "$type, keys" "$temporary/document" "$temporary/code"
done

in_force "${types[0]}" | grep -v '^backend\.' >"$temporary/code"
documented gateway | grep -v ' —$' >"$temporary/document"
compare "gateway, defaults" "$temporary/document" "$temporary/code"
documented gateway | cut -d ' ' -f 1 >"$temporary/document"
{
    for object in '' listen log limits security; do known "${types[0]}" "$object"; done
} | grep -v -x -E 'backend|listen|log|limits|security' | LC_ALL=C sort >"$temporary/code"
compare "gateway, keys" "$temporary/document" "$temporary/code"

# Every backend of the build has a table.
printf '{ "backend": { "type": "zzzz" } }\n' >"$temporary/config.json"
{ "$GATEWAY" --config "$temporary/config.json" --check-config 2>&1 >/dev/null || true; } \
    | sed -n 's/.*accepted: one of \(.*\)\.$/\1/p' | tr -d '" ' | tr ',' '\n' | LC_ALL=C sort >"$temporary/code"
printf '%s\n' "${types[@]}" | LC_ALL=C sort >"$temporary/document"
compare "backends" "$temporary/document" "$temporary/code"

# Every ready configuration is one.
for config in Configs/*.json; do
    "$GATEWAY" --config "$config" --check-config >/dev/null || fault "$config is refused"
done

# Links to files of the repository.
while IFS=: read -r file target; do
    [ -e "$(dirname "$file")/${target%%#*}" ] || fault "$file: there is no $target"
done < <(grep -o -H -E '\]\([^)#: ]+(#[^)]*)?\)' README.md CONTRIBUTING.md CHANGELOG.md docs/*.md Samples/*.md \
    | sed 's/](\(.*\))$/\1/')

# What docs/reliability.md says shows a row exists: rows of Scripts/faults.sh, scripts, suites and tests.
# shellcheck disable=SC2016 # The backquotes are the document's.
mapfile -t witnesses < <(awk '/^<!-- matrix -->$/ { inside = 1 } /^## / { inside = 0 } inside && /^[|]/' docs/reliability.md \
    | awk -F ' [|] ?' '{ print $3 }' | grep -o '[`][^`]*[`]' | tr -d '`' | sort -u)
[ "${#witnesses[@]}" -gt 50 ] || fault "docs/reliability.md has no matrix"
for witness in "${witnesses[@]}"; do
    case $witness in
        *.sh) [ -x "Scripts/$witness" ] || fault "docs/reliability.md: there is no Scripts/$witness" ;;
        [A-Z]*)
            suite=${witness%%.*} test=${witness#*.}
            mapfile -t files < <(grep -r -l -E "^(struct|final class|extension) $suite\b" Tests Fuzz/Replay --include='*.swift')
            if [ "${#files[@]}" -eq 0 ]; then
                fault "docs/reliability.md: there is no suite $suite"
            elif [ "$test" != "$witness" ] && ! grep -q "func $test(" "${files[@]}"; then
                fault "docs/reliability.md: there is no test $witness"
            fi
            ;;
        *)
            grep -q -r "^async def ${witness//-/_}(" Tests/Faults/rows || fault "docs/reliability.md: there is no row $witness"
            ;;
    esac
done
while read -r row; do
    [[ " ${witnesses[*]} " == *" ${row//_/-} "* ]] || fault "docs/reliability.md does not tell of the row ${row//_/-}"
done < <(grep -h -A 1 '^@row(' Tests/Faults/rows/*.py | sed -n 's/^async def \([a-z0-9_]*\)(.*/\1/p')

# What the tutorial shows is the example, which is built and tested; what it shows on the way has no line of its own.
readonly tutorial=Sources/CacheProtocol/CacheProtocol.docc/Resources example=Examples/ToyBackend
while read -r shown file; do
    [ -e "$tutorial/$shown-1.swift" ] || last=$tutorial/$shown.swift
    for step in "$tutorial/$shown"-*.swift; do
        [ -e "$step" ] || continue
        last=$step
        if grep -q '^<' <(diff "$step" "$example/$file"); then fault "$step has lines that are not in $example/$file"; fi
    done
    cmp -s "$last" "$example/$file" || fault "$last is not $example/$file"
done <<'END'
package Package.swift
stream Sources/DictionaryBackend/DictionaryStream.swift
backend Sources/DictionaryBackend/DictionaryBackend.swift
main Sources/dictionary-gateway/main.swift
tests Tests/DictionaryBackendTests/DictionaryBackendTests.swift
END

[ "$faults" -eq 0 ] || die "$faults differences"
printf '%s agrees with the code: %s\n' "$document" "gateway, ${types[*]}"
