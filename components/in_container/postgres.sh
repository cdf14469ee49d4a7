data=$home/data
if [ ! -s "$data/PG_VERSION" ]; then
  # What is half made never has the name of what is whole. The rules of sorting are PostgreSQL's own: those of the
  # system may be others in the next image, and indexes would be wrong then.
  rm -rf "$home/new"
  initdb --pgdata="$home/new" --username=postgres --auth-local=peer --auth-host=scram-sha-256 --encoding=UTF8 \
    --locale=C.UTF-8 --locale-provider=builtin --data-checksums --no-instructions
  mv "$home/new" "$data"
  # The name has to outlast a power cut as soon as a row does.
  sync -f "$home"
fi
# A site reaches the database of its own name alone, and the administrator nothing over the network.
cat >"$home/hba.conf" <<'HBA'
local all      postgres peer
host  all      postgres all reject
host  sameuser all      all scram-sha-256
HBA
exec postgres -D "$data" -c listen_addresses='*' -c unix_socket_directories="$home/run" -c hba_file="$home/hba.conf" \
  -c log_timezone=UTC -c timezone=UTC "$@"
