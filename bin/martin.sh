#!/bin/sh
# For cron: does once what is due (`mtdata daemon --once`).  No daemon and no systemd is needed.
#
#   */5 * * * * /opt/mtdata/bin/martin.sh
#
#   martin.sh [CONFIG]   CONFIG, else MTDATA_CONFIG, else config/ beside bin/, else ~/config
#
# All well: not a word, and exit code 0.  Else one line on standard error and the exit code of mtdata;
# all that it said stands in HOME/logs/martin.log (HOME is the folder above CONFIG).
# Two never run at a time: the second ends with 75, without a word, for a long round is no fault.
# Only when that lasts for MTDATA_LONG_S (6 hours) it is told, and told again after as long.
# It sets no time limit, and installs nothing: bin/mtdata makes the environment where there is none.

set -u
umask 077
PATH=${PATH:-/usr/local/bin:/usr/bin:/bin}
export PATH

# Whoever calls may have closed a standard stream: no file may get its number.
(: 3>&2) || exec 2>/dev/null
(: 3<&0) 2>/dev/null || exec </dev/null
(: 3>&1) 2>/dev/null || exec 1</dev/null

# `readlink -f` is not everywhere: follow the links one by one.
self=$0
while [ -L "$self" ]; do
    link=$(readlink "$self") || exit 78
    case $link in
        /*) self=$link ;;
        *) self=$(dirname -- "$self")/$link ;;
    esac
done
root=$(CDPATH='' cd -- "$(dirname -- "$self")/.." && pwd -P) || exit 78

stop() { # stop CODE WORDS: the one line that cron mails
    printf 'mtdata: %s\n' "$2" >&2
    exit "$1"
}

find_config() {
    config=${1:-${MTDATA_CONFIG:-}}
    if [ -z "$config" ]; then
        config=$root/config
        [ -e "$config/server.config" ] || [ ! -e "${HOME:-}/config/server.config" ] ||
            config=$HOME/config
    fi
    folder=$(CDPATH='' cd -- "$config" 2>/dev/null && pwd -P) ||
        stop 78 "there is no config folder $config: name it, or call $root/bin/mtdata init"
    config=$folder
    home=${config%/*}
}

# The folder of the config is what is locked, by descriptor 8 of this shell and of the program: no
# file of a lock is ever stale, a full or read-only disk keeps no round from running, and when this
# shell is killed the lock stays until the program ends too.
#
# Only a lock that is held ends us.  Where none can be tried (a network disk without locks, neither
# flock nor python3) we go on: the program holds a lock of its own, and tells what is wrong with that.
take_turn() {
    [ -r "$config" ] || stop 78 "the config folder $config cannot be read"
    exec 8<"$config"
    ! is_held || busy
}

# Whether somebody else holds it.  `flock` is silent then: with words, or another code than 1, it
# says that it could not try.
is_held() {
    if command -v flock >/dev/null; then
        words=$(flock -n 8 2>&1)
        case $?:$words in
            0:*) return 1 ;;
            1:) return 0 ;;
        esac
    fi
    python3 -I -c "$TRY" 2>/dev/null
    [ $? -eq 75 ]
}

TRY='
import fcntl, sys
try:
    fcntl.flock(8, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    sys.exit(75)
'

# Ends this script: another round is at work, started by cron or otherwise.
busy() {
    now=$(date +%s)
    began=$(number "$since")
    if [ "$began" -eq 0 ]; then
        may_write || exit 75
        mkdir -p -- "$home/state" 2>/dev/null
        printf '%s\n' "$now" 2>/dev/null >"$since"
        exit 75
    fi
    [ $((now - began)) -ge "$long_s" ] && [ $((now - $(number "$told"))) -ge "$long_s" ] || exit 75
    ! may_write || printf '%s\n' "$now" 2>/dev/null >"$told"
    stop 75 "no round has ended for $(((now - began) / 60)) minutes: one is at work or hangs ($config)"
}

# Not as root in the home of somebody else, who could not use what root makes there.
may_write() {
    [ "$(id -u)" -ne 0 ] || [ -O "$home" ]
}

number() { # what the file holds, 0 when it is no number
    line=
    [ -r "$1" ] && IFS= read -r line <"$1"
    case $line in
        '' | *[!0-9]*) echo 0 ;;
        *) echo "$line" ;;
    esac
}

# Runs the words given; sets `said` (the end of what went to standard error, in lines that `telling_line`
# can read) and `code`.
run() {
    said=$({ MTDATA_LOG=text "$@" 2>&1 >/dev/null </dev/null; printf '\n%s\n' "$?"; } | tail -c 65536)
    code=${said##*[!0-9]}
    said=${said%"$code"}
}

# The latest of mtdata's own words (which begin with its name) and of the errors of its log; else the
# last line there is.
telling_line() {
    printf '%s\n' "$said" | awk '
        /^[ \t\r]*$/ { next }
        /^mtdata: / { words = (own ? words " " : "") substr($0, 9); own = 1; last = $0; next }
        { own = 0; last = $0 }
        / (ERROR|CRITICAL) / { error = $0; words = "" }
        END { print words != "" ? words : error != "" ? error : last != "" ? last : "it said nothing" }
    ' | tr -d '\000-\010\013-\037\177' | cut -c 1-500
}

find_config "$@"
since=$home/state/martin.since # when the first round in a row was refused
told=$home/state/martin.told
long_s=${MTDATA_LONG_S:-21600}
take_turn
run "$root/bin/mtdata" --config "$config" daemon --once
[ "$code" -ne 75 ] || busy
rm -f -- "$since" "$told" 2>/dev/null
[ "$code" -ne 0 ] || exit 0
may_write || stop "$code" "exit $code: $(telling_line)"
mkdir -p -- "$home/logs" 2>/dev/null
printf '%s\n' "$said" 2>/dev/null >"$home/logs/martin.log"
stop "$code" "exit $code: $(telling_line) (all of it: $home/logs/martin.log)"
