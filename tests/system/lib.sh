# Shared by the scripts of this folder: words for the user, and downloads that may fail for reasons outside the project.
# shellcheck shell=bash

# EX_TEMPFAIL: something that others provide (a package mirror) is missing; `run` turns it into a loud skip.
readonly UNAVAILABLE=75

say() { echo "${SAYS:-test-system}: $*" >&2; }
fail() { say "FAILED: $*"; exit 1; }

# What apt and mmdebstrap say when the mirror, not the project, is at fault: out of reach, or in mid-sync, when its
# lists already name packages that are not there yet. A package that no list names is our mistake, and not here.
readonly MIRROR_AT_FAULT='Failed to fetch|Could not (connect|resolve)|Temporary failure|Connection (failed|timed out|refused)|Hash Sum mismatch|File has unexpected size|Mirror sync in progress|unmet dependencies|held broken packages|Release file .* (is not valid yet|expired)|no longer has a Release file|does not have a Release file|NO_PUBKEY|[45][0-9][0-9]  '

# fetch LOG COMMAND...: runs a command that downloads, three times at most. Ends the script when it still fails:
# with UNAVAILABLE when the mirror is at fault, else as a plain failure.
fetch() {
    local log=$1 try
    shift
    for try in 1 2 3; do
        "$@" >"$log" 2>&1 && return 0
        [ "$try" = 3 ] || sleep $((try * 5))
    done
    if grep -qE "$MIRROR_AT_FAULT" "$log"; then
        say "the package mirror is out of reach, or in mid-sync:"
        grep -E "$MIRROR_AT_FAULT|^E:" "$log" | tail -n 3 >&2
        exit "$UNAVAILABLE"
    fi
    tail -n 20 "$log" >&2
    fail "$*"
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# need COMMAND:PACKAGE...: installs the packages whose command is missing. --no-remove: never trade away what the host has.
need() {
    local pair log
    local -a missing=()
    for pair in "$@"; do command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}"); done
    [ ${#missing[@]} = 0 ] && return 0
    say "installing ${missing[*]} (apt-get)"
    log=$(mktemp)
    export DEBIAN_FRONTEND=noninteractive
    local -a install=(apt-get install -y -q --no-install-recommends --no-remove -o DPkg::Lock::Timeout=300 "${missing[@]}")
    # Fresh containers have no package lists at all, others may have old ones.
    as_root "${install[@]}" >"$log" 2>&1 || {
        fetch "$log" as_root apt-get update -q
        fetch "$log" as_root "${install[@]}"
    }
    rm -f "$log"
}

# The mirror that this machine already uses for a suite; nothing when it has none.
mirror_of() {
    # shellcheck disable=SC2016  # apt expands it.
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $1" | awk 'NR == 1'
}
