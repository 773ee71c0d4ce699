# What the scripts of this folder share: each command is printed as it can be pasted, and carried out
# unless --dry-run was said.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

dry_run=''
if [ "${1:-}" = --dry-run ]; then
    dry_run=yes
    shift
fi

# show WORD…: as they can be pasted. What a dry run does not know yet stands as "$NAME".
show() {
    local word name
    for word in "$@"; do
        if [[ $word =~ ^[A-Za-z0-9_./:=@%+~,-]+$ ]]; then
            printf '%s ' "$word"
        elif [[ $word == *'{{'* ]]; then
            word=${word//\\/\\\\} word=${word//\"/\\\"} word=${word//\$/\\\$} word=${word//\`/\\\`}
            word=${word//'{{'/\$\{} word=${word//'}}'/\}}
            printf '"%s" ' "$word"
        else
            printf '%s ' "${word@Q}"
        fi
    done
}

# run COMMAND…
run() {
    show "$@" && echo
    [ -n "$dry_run" ] || "$@"
}

# ask NAME COMMAND… [-- FILTER…]: what the command says, through the filter, becomes NAME.
ask() {
    local name=$1 said command=()
    shift
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        command+=("$1")
        shift
    done
    [ $# -eq 0 ] || shift
    printf '%s=$(' "$name" && show "${command[@]}" && { [ $# -eq 0 ] || { printf '| ' && show "$@"; }; } && echo ')'
    if [ -n "$dry_run" ]; then
        said="{{$name}}"
    elif [ $# -gt 0 ]; then
        said=$("${command[@]}" | "$@")
    else
        said=$("${command[@]}")
    fi
    printf -v "$name" %s "$said"
}

# unless CHECK… -- COMMAND…: the command, where the check finds nothing.
unless() {
    local check=()
    while [ "$1" != -- ]; do
        check+=("$1")
        shift
    done
    shift
    show "${check[@]}" && printf '>/dev/null 2>&1 || ' && show "$@" && echo
    [ -n "$dry_run" ] || "${check[@]}" >/dev/null 2>&1 || "$@"
}

# pipe FROM… -- TO…: what one command says goes to the other.
pipe() {
    local from=()
    while [ "$1" != -- ]; do
        from+=("$1")
        shift
    done
    shift
    show "${from[@]}" && printf '| ' && show "$@" && echo
    [ -n "$dry_run" ] || "${from[@]}" | "$@"
}

# say TEXT: a line for people between the commands.
say() {
    echo "# $*"
}

need() {
    local name
    for name in "$@"; do
        if [ -z "${!name:-}" ]; then
            echo "$name is not set. $(basename "$0") needs: $*" >&2
            exit 2
        fi
    done
}

version=${VERSION:-$(git rev-parse --short HEAD 2>/dev/null || echo latest)}
