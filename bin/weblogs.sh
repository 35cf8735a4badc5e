# shellcheck shell=sh
# What the scripts of web logs share: the words they take, the config, and how two steps end.
#
# Sourced by run_all_daily, run_all_weekly, stat.sh, get_stats.sh, create_csv.sh, mtc and legacy, which
# set `self`, their own path.  POSIX sh.  What they do is done by `mtdata weblogs`.
#
#   takes GIVEN LEAST MOST WORDS   exits with 64 unless LEAST to MOST words are GIVEN; WORDS names them
#   end_early CODE                 exits after a first step that shows that a second one is no use
#   end_worse CODE CODE            exits with the first code that is not 0
#
# Sets `program` (bin/mtdata), `statistics` (MTDATA_STATISTICS, else statistics/ beside the folder of
# the config) and MTDATA_CONFIG: as given, else config/ beside bin/, else ~/config.

# shellcheck disable=SC2154 # self comes from who sources this
root=$(CDPATH='' cd -- "$(dirname -- "$self")/.." && pwd -P) || exit 78
program=$root/bin/mtdata

stop() { # stop CODE WORDS
    printf 'mtdata: %s\n' "$2" >&2
    exit "$1"
}

takes() {
    [ "$1" -ge "$2" ] && [ "$1" -le "$3" ] || stop 64 "usage: ${self##*/}${4:+ $4}"
}

end_early() {
    case $1 in
        0 | 1 | 65 | 69 | 74 | 75) ;;
        *) exit "$1" ;; # words or config are wrong, or we were stopped
    esac
}

end_worse() {
    [ "$1" -ne 0 ] && exit "$1"
    exit "$2"
}

if [ -z "${MTDATA_CONFIG:-}" ]; then
    MTDATA_CONFIG=$root/config
    [ -e "$MTDATA_CONFIG/weblogs.config" ] || [ ! -e "${HOME:-}/config/weblogs.config" ] ||
        MTDATA_CONFIG=$HOME/config
fi
export MTDATA_CONFIG
folder=$(CDPATH='' cd -- "$MTDATA_CONFIG" 2>/dev/null && pwd -P) ||
    stop 78 "there is no config folder $MTDATA_CONFIG: name it in MTDATA_CONFIG, or call $program init"
# shellcheck disable=SC2034 # who sources this reads it
statistics=${MTDATA_STATISTICS:-${folder%/*}/statistics}
