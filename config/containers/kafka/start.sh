#!/bin/sh
# Starts Kafka. An empty data folder is formatted first, with the one user that may log in.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
bin=${KAFKA_BIN:-/opt/kafka/bin}
secrets=${SECRETS:-/run/secrets}
data=$(sed -n 's/^log\.dirs=//p' "$here/server.properties")

if [ ! -e "$data/meta.properties" ]; then
    cluster=$("$bin/kafka-storage.sh" random-uuid)
    user="name=turvakt,password=$(cat "$secrets/kafka_password")"
    # What it prints holds the user's keys.
    "$bin/kafka-storage.sh" format --config "$here/server.properties" --cluster-id "$cluster" \
        --add-scram "SCRAM-SHA-512=[$user]" >/dev/null
fi

# To the console alone: no files of logs in a folder that is in memory.
export LOG_DIR=/tmp
export EXTRA_ARGS="-name kafkaServer"
export KAFKA_LOG4J_OPTS="-Dlog4j2.configurationFile=$here/log4j2.properties"
exec "$bin/kafka-server-start.sh" "$here/server.properties"
