#!/bin/sh
# Begins the server as its own user, with its log where a container's log is.

set -eu

chown -R rabbitmq: /var/lib/rabbitmq
export HOME=/var/lib/rabbitmq RABBITMQ_LOGS=-
exec setpriv --reuid=rabbitmq --regid=rabbitmq --init-groups "/usr/lib/rabbitmq/bin/$@"
