#!/bin/sh
# The Redis-protocol server of docker-compose.yml, configured by standard input: a command line is public, and no file
# of ours may hold the password. It stands there as a hash; what is no hexadecimal digit cannot change the line.
set -eu
: "${REDISCLI_AUTH:?is not set}"
password=$(printf %s "$REDISCLI_AUTH" | sha256sum | cut -d ' ' -f 1)
exec valkey-server - <<CONFIGURATION
protected-mode yes
dir /data
save ""
appendonly yes
appendfsync everysec
maxmemory 256mb
maxmemory-policy noeviction
user default off
user bloghub on #$password ~* &* +@all -@dangerous -@admin +info +flushdb
CONFIGURATION
