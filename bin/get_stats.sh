#!/bin/sh
# The table of stat.sh with a row for each day, into SITE-START_END.stat in the folder where you stand.
#
#   get_stats.sh SITE START END
#
# Both days are included.  MTDATA_STATISTICS names another folder.

set -u
self=$(readlink -f -- "$0" 2>/dev/null) || self=$0
# shellcheck source=bin/weblogs.sh
. "$(dirname -- "$self")/weblogs.sh"

takes "$#" 3 3 "SITE START END"
exec "$program" weblogs stats "$@" --out "${MTDATA_STATISTICS:-.}"
