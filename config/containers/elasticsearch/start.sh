#!/bin/sh
# Starts Elasticsearch with the users that "make secrets" made. Its folder of settings must be writable, as it keeps a keystore
# there; the image is not. So the folder is put together in memory.
set -eu
umask 077
here=$(cd "$(dirname "$0")" && pwd)
secrets=${SECRETS:-/run/secrets}
ES_PATH_CONF=${ES_PATH_CONF:-/tmp/config}
export ES_PATH_CONF

rm -rf "$ES_PATH_CONF"
cp -R "${ES_CONFIG:-/usr/share/elasticsearch/config}" "$ES_PATH_CONF"
mkdir -p "$ES_PATH_CONF/jvm.options.d"
cp "$here/elasticsearch.yml" "$here/roles.yml" "$here/users_roles" "$ES_PATH_CONF"
cp "$here/quiet.options" "$ES_PATH_CONF/jvm.options.d"
cp "$secrets/elasticsearch_users" "$ES_PATH_CONF/users"
cp "$secrets/elasticsearch_service_tokens" "$ES_PATH_CONF/service_tokens"
chmod -R u+w "$ES_PATH_CONF"
exec "${ES_START:-/usr/local/bin/docker-entrypoint.sh}" eswrapper
