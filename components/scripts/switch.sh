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

reload() {
    old="$old $(list workers)"
    # shellcheck disable=SC2046 # one master, one word
    kill -HUP $(list master)
}

# Waits until new workers answer for the tree $1; false after 20 s.
await() {
    tries=0
    until [ "$(served)" = "$1" ]; do
        tries=$((tries + 1))
        [ "$tries" -le 100 ] || return 1
        sleep 0.2
    done
}

# Where NGINX finds replicas by name, new workers know a new name only once Docker's DNS has answered,
# and until then they would answer 502. So a tree that names the old replicas beside the new ones comes
# between: names that NGINX knew before a reload, it knows at once after it.
bridge() {
    between="trees/$TREE-bridge"
    changed=
    rm -rf "$between.new"
    cp -R "trees/$TREE" "$between.new"
    for file in live/conf.d/*.conf; do
        new="$between.new/${file#live/}"
        [ -f "$new" ] || continue
        grep ' resolve;' "$file" > /tmp/old || continue
        if ! grep ' resolve;' "$new" | cmp -s - /tmp/old; then
            sed -i '/^upstream /r /tmp/old' "$new"
            changed=yes
        fi
    done
    sed -i "s/$TREE/$TREE-bridge/" "$between.new/conf.d/00-status.conf"
    if [ -n "$changed" ]; then
        rm -rf "$between"
        mv "$between.new" "$between"
        point "$between"
        reload
        await "$TREE-bridge" || return 0
        echo "NGINX looks for the new replicas beside the old ones"
        sleep 1
    fi
    rm -rf "$between.new"
}

# It may just be starting, and would not outlive a signal then.
tries=0
until [ -n "$(served)" ] || [ "$tries" -ge 50 ]; do
    tries=$((tries + 1))
    sleep 0.2
done

before=$(readlink live || true)
old=
rm -f .live
# A tree that was restored has the digest of what NGINX may have loaded while it was changed: it is loaded again.
if [ "$before" != "trees/$TREE" ] || [ "$(served)" != "$TREE" ] || [ "$REPAIRS" != 0 ]; then
    [ "$before" = "trees/$TREE-bridge" ] || [ "$before" = "trees/$TREE" ] || bridge
    point "trees/$TREE"
    reload
    echo "asked NGINX to load tree $TREE"
fi

if ! await "$TREE"; then
    echo "NGINX did not take tree $TREE within 20 s; the tree before it stays live"
    point "$before"
    exit 1
fi

# Old workers still ask the old replicas for the connections they hold: while one lives, no replica may go.
for pid in $old; do
    [ -d "/proc/$pid" ] && echo "waiting for worker $pid to finish its connections"
    while [ -d "/proc/$pid" ]; do sleep 0.2; done
done

# Earlier trees stay for a look back; more than ten help nobody.
# shellcheck disable=SC2012 # names are digests of our own
ls -1t trees | tail -n +11 | grep -vxF "$TREE" | while read -r past; do rm -rf "trees/$past"; done

# So do keys and password hashes that no tree names any more.
for folder in private/*; do
    grep -rqF "/etc/portico/$folder/" trees || rm -rf "$folder"
done

echo "tree $TREE is live"
: > /tmp/live
trap 'exit 0' TERM INT
while :; do sleep 3600 & wait $!; done
