#!/bin/sh
# Files, bytes, lines and hits of a site's day, into SITE-DATE.stat in the folder where you stand.
#
#   stat.sh SITE DATE
#
# MTDATA_STATISTICS names another folder.  The path of the file goes to standard output.  Nothing is
# downloaded: bytes are of the listing, lines and hits of the ledger, so import the day before.

set -u
self=$(readlink -f -- "$0" 2>/dev/null) || self=$0
# shellcheck source=bin/weblogs.sh
. "$(dirname -- "$self")/weblogs.sh"

takes "$#" 2 2 "SITE DATE"
exec "$program" weblogs stat "$@" --out "${MTDATA_STATISTICS:-.}"
