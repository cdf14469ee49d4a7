# Gives the folder of a service's data to its user: prepare_service.sh FOLDER USER:GROUP
set -eu
umask 077
mkdir -p "$1/run"
if [ -f /incoming/service ]; then
  cp /incoming/service "$1/users.new"
  chown "$2" "$1/users.new"
  chmod 0400 "$1/users.new"
  mv "$1/users.new" "$1/users.acl"
fi
chown "$2" "$1" "$1/run"
chmod 0700 "$1" "$1/run"
