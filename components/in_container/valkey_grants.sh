# Waits for Valkey, whose users were laid down before it began: valkey_grants.sh FOLDER SECONDS
set -eu
command -v valkey-cli >/dev/null || {
  echo "the image has no valkey-cli, so it is none of Valkey; write another image of the service"
  exit 1
}
tries=0
until [ "$(valkey-cli -s "$1/run/socket" ping 2>&1)" = PONG ]; do
  tries=$((tries + 1))
  [ "$tries" -le $(($2 * 2)) ] || {
    echo "Valkey did not answer in $2 seconds"
    exit 1
  }
  sleep 0.5
done
