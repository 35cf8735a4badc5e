# shellcheck shell=sh
# The Python environment of this checkout: found, or made on first use.
#
# Sourced by bin/mtdata and bin/test, which set `root`, the folder of the checkout.  POSIX sh.
# Nothing here writes to standard output (that belongs to the program) or changes the folder.
#
#   environment [EXTRA]     sets `venv`; makes or mends it when it must; exits when it cannot.
#                           EXTRA: `served` for the program, `demo` for its `demo cake`, `test` for its
#                           tests, `release` for all else; each has all of the one before
#
# What is installed is pinned with hashes (constraints.txt, constraints/): one commit is one program,
# whenever its environment is made.  `bin/constraints` renews them, docs/RELEASING.md tells when.
#
# With MTDATA_NO_INSTALL=1 (services set it) nothing is made or mended: it says what to call instead.
#
# Where: MTDATA_VENV, else .venv in the checkout, else (the checkout is read-only) the user's cache.
# Files in it:  .mtdata            we made this environment and may remove it
#               .mtdata-made*      what was installed, written last: without it nothing is trusted
#               .mtdata-log        what the installer said
# Exit codes as sysexits(3): 69 the packages cannot be had, 78 something on this machine is wrong.

# shellcheck disable=SC2154 # root comes from who sources this
environment() {
    # Of a shell, a crontab or conda: for other Pythons than ours and what installs it.
    unset PYTHONPATH PYTHONHOME PYTHONUSERBASE PYTHONPLATLIBDIR
    extra=${1:-served}
    choose_constraints
    wanted="$(cat -- "$root/setup.py" "$root/constraints.txt" "$root"/constraints/*.txt | cksum) $root"
    choose_folder
    is_made && return
    [ -z "${MTDATA_NO_INSTALL:-}" ] || not_made
    make_environment
}

choose_constraints() {
    case $extra in
        served) constraints=$root/constraints.txt ;;
        demo | test) constraints=$root/constraints/$extra.txt ;;
        *) constraints=$root/constraints/release.txt ;;
    esac
    [ -r "$constraints" ] && [ -r "$root/constraints/build.txt" ] || stop 78 \
        "$constraints or $root/constraints/build.txt is missing or not readable:" \
        "this checkout is not whole; \`git status\` there says what is gone."
}

choose_folder() {
    venv=${MTDATA_VENV:-$root/.venv}
    case $venv in
        /*) ;;
        *) venv=$PWD/$venv ;;
    esac
    stamp=$venv/.mtdata-made-$extra
    [ -n "${MTDATA_VENV:-}" ] && return
    is_made && return
    [ -w "$root" ] && { [ ! -e "$venv" ] || [ -w "$venv" ]; } && return
    cache=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
    [ -n "$cache" ] || stop 78 \
        "the checkout $root is read-only and HOME is not set:" \
        "name a folder for the Python environment in MTDATA_VENV."
    key=$(printf '%s' "$root" | cksum)
    venv=$cache/mtdata/${key%% *}
    stamp=$venv/.mtdata-made-$extra
}

# The link bin/python leads to an interpreter named with its version: when the system's Python is
# replaced by another, the link leads nowhere, and the environment is made anew.
is_made() {
    [ -x "$venv/bin/python" ] && [ "$(first_line "$stamp")" = "$wanted" ]
}

first_line() {
    line=
    [ -r "$1" ] && IFS= read -r line <"$1"
    printf '%s' "$line"
}

make_environment() {
    find_python
    take_turn
    if ! is_made; then
        if can_be_mended; then
            say "installing what MTData needs into $venv"
        else
            say "making MTData's Python environment in $venv (once; it takes about a minute)"
            make_folder
        fi
        install
    fi
    exec 9>&- # the program must not hold the lock
}

# One at a time.  The lock is held by file descriptor 9 of this shell, so it cannot outlive us and
# the installer, however we end: no stale lock, no process number to guess by.
take_turn() {
    mkdir -p -- "$(dirname -- "$venv")" 2>/dev/null
    (true >>"$venv.lock") 2>/dev/null || stop 78 \
        "$venv.lock cannot be written: mend the folder's permissions," \
        "or name another folder for the Python environment in MTDATA_VENV."
    exec 9>>"$venv.lock"
    "$python" -I -c "$LOCK" 2>/dev/null
    case $? in
        0) return ;;
        75)
            say "waiting for somebody else who is making $venv"
            "$python" -I -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)' 2>/dev/null && return
            ;;
    esac
    stop 78 "$venv.lock cannot be locked: name a folder on a local disk in MTDATA_VENV."
}

# 75 for a lock that somebody holds; one that cannot be tried is another fault.
LOCK='
import fcntl, sys
try:
    fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    sys.exit(75)
'

# Whole, ours for this checkout, and only older than setup.py or the constraints; or somebody else's,
# which is never removed: then we only install into it.
can_be_mended() {
    [ -x "$venv/bin/python" ] || return
    "$venv/bin/python" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || return
    [ -e "$venv/.mtdata" ] || return 0
    made=$(first_line "$venv/.mtdata-made")
    [ "${made#* * }" = "$root" ]
}

make_folder() {
    if [ -e "$venv/.mtdata" ]; then
        rm -rf -- "$venv"
    elif [ -d "$venv" ]; then
        rmdir -- "$venv" 2>/dev/null
    fi
    [ ! -e "$venv" ] || stop 78 \
        "$venv is in the way: it is no Python environment (>= 3.11) and not made by MTData." \
        "Move it away, or name another folder in MTDATA_VENV."
    mkdir -- "$venv" || stop 78 "the folder $venv cannot be made."
    true >"$venv/.mtdata"
    log=$venv/.mtdata-log
    # shellcheck disable=SC2086 # one option or none
    "$python" -I -m venv $without_pip "$venv" >"$log" 2>&1 </dev/null || failed 78
}

install() {
    # what is there for this setup.py stays so, whatever becomes of one more extra
    [ "$(first_line "$venv/.mtdata-made")" = "$wanted" ] || rm -f -- "$venv"/.mtdata-made*
    log=$venv/.mtdata-log
    stand_in_source
    if "$venv/bin/python" -I -c 'import pip' 2>/dev/null; then
        # as this program was called once, and as a stranger is called still
        [ ! -e "$venv/.mtdata" ] || "$venv/bin/python" -I -m pip uninstall --quiet --yes \
            --disable-pip-version-check mtdata >/dev/null 2>&1 </dev/null
        rm -rf -- "$root/mtdata.egg-info" 2>/dev/null
        # The tool that builds comes first: nothing is fetched that no hash stands for.
        # shellcheck disable=SC2086 # options
        { by_pip $HASHED -r "$root/constraints/build.txt" &&
            by_pip $HASHED $BUILT -r "$constraints" &&
            by_pip --no-deps $BUILT -e .; } >"$log" 2>&1 </dev/null || failed 69
        # pip would compile it all on one core.  Some libraries bring files for another Python,
        # which cannot be compiled here and are never imported.
        "$venv/bin/python" -I -m compileall -q -j 0 "$venv/lib" >/dev/null 2>&1 </dev/null || :
    elif command -v uv >/dev/null; then
        # shellcheck disable=SC2086 # options
        { by_uv $HASHED -r "$root/constraints/build.txt" &&
            by_uv $HASHED --no-build-isolation -r "$constraints" &&
            by_uv --no-deps --no-build-isolation -e .; } >"$log" 2>&1 </dev/null || failed 69
    else
        stop 78 "$venv has no pip: remove it and call again."
    fi
    for less in served demo test release; do
        printf '%s\n' "$wanted" >"$venv/.mtdata-made-$less"
        [ "$less" != "$extra" ] || break
    done
    printf '%s\n' "$wanted" >"$stamp"
    printf '%s\n' "$wanted" >"$venv/.mtdata-made"
}

HASHED="--require-hashes --no-deps"
BUILT="--no-build-isolation --use-pep517"

by_pip() {
    (CDPATH='' cd -- "$source" && PIP_USER=0 PIP_REQUIRE_HASHES=0 "$venv/bin/python" -I -m pip install \
        --quiet --disable-pip-version-check --no-input --no-compile "$@")
}

by_uv() {
    (CDPATH='' cd -- "$source" && uv pip install --quiet --no-config --python "$venv/bin/python" "$@")
}

# An editable installation leaves a folder beside setup.py.  Where that cannot be, links to the
# checkout stand in for it.
stand_in_source() {
    source=$root
    [ -w "$root" ] && return
    source=$venv/source
    mkdir -p -- "$source"
    for name in setup.py pyproject.toml README.md LICENSE NOTICE mtdata config bin docs systemd; do
        [ -e "$root/$name" ] && ln -sfn -- "$root/$name" "$source/$name"
    done
}

# Sets `python` to a real interpreter >= 3.11, and `without_pip` when it cannot install by itself.
find_python() {
    without_pip=
    lacking=
    for name in python3 python3.13 python3.12 python3.11 /usr/bin/python3; do
        python=$("$name" -I -c "$PROBE" 2>/dev/null) && return
        [ $? -ne 4 ] || [ -n "$lacking" ] || { lacking=$python lacking_name=$name; }
    done
    if command -v uv >/dev/null; then
        python=$lacking
        [ -n "$python" ] && { without_pip=--without-pip; return; }
        python=$(uv_python) && return
        stop 69 "there is no Python >= 3.11 here and uv could not bring one (its words stand above)."
    fi
    [ -n "$lacking" ] && no_venv
    no_python
}

# Prints the interpreter itself: not a pyenv shim, not a link that may lead elsewhere tomorrow.
PROBE='
import os, sys
if sys.version_info < (3, 11):
    sys.exit(3)
print(os.path.realpath(sys.executable))
try:
    import venv
    from ensurepip import bootstrap  # a folder left behind by a removed package is not enough
except ImportError:
    sys.exit(4)
'

uv_python() {
    uv python find '>=3.11' 2>/dev/null && return
    uv python install 3.12 >&2 && uv python find 3.12
}

no_venv() {
    package=python3-venv
    case $lacking_name in python3.*) package=$lacking_name-venv ;; esac
    if command -v apt-get >/dev/null; then
        stop 78 "$lacking cannot make environments: its venv package is missing. This mends it:" \
            "    $(as_root)apt-get install $package"
    fi
    stop 78 "$lacking cannot make environments: its modules venv and ensurepip are missing." \
        "Install them (your system's package for Python's venv), or install uv."
}

no_python() {
    have=$(python3 -I -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
    packages="python3 python3-venv"
    if [ -n "$have" ]; then
        have="python3 here is $have, and MTData needs Python 3.11 or later."
        packages="python3.11 python3.11-venv"
    else
        have="there is no Python here, and MTData needs Python 3.11 or later."
    fi
    if command -v apt-get >/dev/null; then
        stop 78 "$have This gives you one where your system has it (or install uv):" \
            "    $(as_root)apt-get install $packages"
    elif command -v brew >/dev/null; then
        stop 78 "$have This gives you one:" "    brew install python@3.12"
    fi
    stop 78 "$have Install it, or uv, which brings its own."
}

as_root() {
    [ "$(id -u)" = 0 ] || printf 'sudo '
}

not_made() {
    stop 78 "the Python environment of $root is missing, not readable or older than setup.py" \
        "or constraints.txt:" \
        "call $root/bin/mtdata --version as the owner of $root (a service installs nothing)."
}

failed() {
    cat -- "$log" >&2
    stop "$1" "the Python environment could not be made: the lines above say why." \
        "Mend that and call again; nothing else was changed."
}

say() {
    printf 'mtdata: %s\n' "$*" >&2
}

stop() {
    status=$1
    shift
    for text; do say "$text"; done
    exit "$status"
}
