# Runs in NGINX's own process and network namespaces: makes a checked tree live and proves it.
# Healthy once new workers serve the tree and no older worker is left; then it waits to be replaced.
set -eu
cd /etc/portico

# Prints the ids of NGINX's processes: "master" or "workers". A worker's parent is an NGINX, the master's is not.
list() {
    for folder in /proc/[0-9]*; do
        read -r pid name _ parent _ 2>/dev/null < "$folder/stat" || continue
        [ "$name" = "(nginx)" ] || continue
        read -r _ above _ 2>/dev/null < "/proc/$parent/stat" || above=
        if [ "$above" = "(nginx)" ]; then role=workers; else role=master; fi
        [ "$role" != "$1" ] || printf '%s ' "$pid"
    done
}

served() { curl -sf -m 2 "http://127.0.0.1:$PORT/tree" || true; }

point() {
    ln -s "$1" .live
    mv -T .live live
}

before=$(readlink live)
old=
if [ "$before" != "trees/$TREE" ] || [ "$(served)" != "$TREE" ]; then
    old=$(list workers)
    rm -f .live
    point "trees/$TREE"
    # shellcheck disable=SC2046 # one master, one word
    kill -HUP $(list master)
    echo "asked NGINX to load tree $TREE"
fi

tries=0
until [ "$(served)" = "$TREE" ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 100 ]; then
        echo "NGINX did not take tree $TREE within 20 s; the tree before it stays live"
        point "$before"
        exit 1
    fi
    sleep 0.2
done

# Old workers still ask the old replicas for the connections they hold: while one lives, no replica may go.
for pid in $old; do
    [ -d "/proc/$pid" ] && echo "waiting for worker $pid to finish its connections"
    while [ -d "/proc/$pid" ]; do sleep 0.2; done
done

# Earlier trees stay for a look back; more than ten help nobody.
# shellcheck disable=SC2012 # names are digests of our own
ls -1t trees | tail -n +11 | grep -vx "$TREE" | while read -r past; do rm -rf "trees/$past"; done

echo "tree $TREE is live"
: > /tmp/live
trap 'exit 0' TERM INT
while :; do sleep 3600 & wait $!; done
