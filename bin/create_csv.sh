#!/bin/sh
# A .csv beside each .stat or .stats table, ours or the original's, of the folder where you stand.
#
#   create_csv.sh [FILE...]    these tables instead
#

set -u
self=$(readlink -f -- "$0" 2>/dev/null) || self=$0
# shellcheck source=bin/weblogs.sh
. "$(dirname -- "$self")/weblogs.sh"

exec "$program" weblogs csv "$@"
