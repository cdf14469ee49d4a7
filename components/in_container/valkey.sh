# Each change is written to the file, and given to the disk once a second: what the machine loses by a power cut is
# the last second, what the server loses by its own end is nothing.
exec valkey-server --dir "$home" --appendonly yes --appendfsync everysec --save '' --aclfile "$home/users.acl" \
  --unixsocket "$home/run/socket" --unixsocketperm 700 --bind '*' --port 6379 --protected-mode no --daemonize no "$@"
