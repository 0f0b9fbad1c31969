#!/bin/sh
# Starts Kibana with secrets from files, which it cannot read by itself.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
secrets=${SECRETS:-/run/secrets}
KIBANA_TOKEN=$(cat "$secrets/kibana_token")
KIBANA_KEY=$(cat "$secrets/kibana_key")
export KIBANA_TOKEN KIBANA_KEY
exec "${KIBANA:-/usr/share/kibana/bin/kibana}" --config "$here/kibana.yml"
