# Runs once in NGINX's own process and network namespaces: asks every replica that a checked tree names, makes the tree
# live, and proves that. Exit code 0: all that it was asked for is live.
#
# A site whose replicas are not proven keeps the file that is live; a new one gets none. The other sites go live.
# Lines that begin with @ are for Portico's program (components/docker/switch_verdict.py): "@refused SITE INDEX CONTAINER WHY" of a
# replica, "@live SITE" of a site that is served as asked for, "@drained" when NGINX asks no replica that no live file
# names.
# TREE names the tree, PORT is NGINX's private port, LONGEST the time in seconds that old workers may take to end.
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
    between="trees/$next-bridge"
    changed=
    rm -rf "$between.new"
    cp -R "trees/$next" "$between.new"
    for file in live/conf.d/*.conf; do
        new="$between.new/${file#live/}"
        [ -f "$new" ] || continue
        grep ' resolve;' "$file" > /tmp/old || continue
        if ! grep ' resolve;' "$new" | cmp -s - /tmp/old; then
            sed -i '/^upstream /r /tmp/old' "$new"
            changed=yes
        fi
    done
    rename_tree "$between.new" "$next" "$next-bridge"
    if [ -n "$changed" ]; then
        rm -rf "$between"
        mv "$between.new" "$between"
        point "$next-bridge"
        reload
        await "$next-bridge" || return 0
        echo "NGINX looks for the new replicas beside the old ones"
        sleep 1
    fi
    rm -rf "$between.new"
}

# Makes of TREE a tree in which the refused sites are as they are in the live one. Sets `next` to its name; to that of
# the live one where the two are alike, or where NGINX does not accept the mixed tree.
compose() {
    next="$TREE-$(date +%s)"
    # One that is there already may be live.
    while [ -e "trees/$next" ]; do
        sleep 1
        next="$TREE-$(date +%s)"
    done
    mixed="trees/$next"
    cp -R "trees/$TREE" "$mixed"
    moved=
    for site in $refused; do
        if ! was_live "$site"; then
            drop_site "$mixed" "$site"
        elif [ "$(list_files "$before" "$site")" = "$(list_files "$mixed" "$site")" ]; then
            list_files "$before" "$site" | while read -r file; do cp "$before/$file" "$mixed/$file"; done
        else
            # It shares its host in one of the trees alone: its files of one would not fit into the other.
            moved="$moved $site"
        fi
    done
    rename_tree "$mixed" "$TREE" "$next"
    if same "$mixed" "$before"; then
        rm -rf "$mixed"
        next=${before#trees/}
    elif [ -n "$moved" ]; then
        give_up "a host gets or loses other sites, and the live files of$moved only serve it as it was"
    elif ! nginx -t -q -c "/etc/portico/$mixed/nginx.conf"; then
        give_up "NGINX does not accept the other sites' new files beside the live ones of$refused"
    fi
}

# Gives up the mixed tree, for the reason $1: every site stays as it is in the live tree.
give_up() {
    echo "$1; nothing was switched"
    rm -rf "$mixed"
    next=${before#trees/}
    refused=$(for n in $all; do replica "$n" && printf ' %s' "$site"; done)
}

# Whether replicas of site $1 were proven once, so that the live tree's file for it is worth keeping. The first tree of
# all is where `live` links before any replica was asked (check.sh). Earlier versions recorded nothing.
was_live() {
    [ -f "$before/conf.d/$1.conf" ] || return 1
    if [ -e proven ]; then grep -q "^$1 " proven; else [ "$before" != "trees/$TREE" ]; fi
}

# Whether two trees differ in nothing but their names.
same() {
    for tree in "$1" "$2"; do
        (cd "$tree" && find . -type f | sort | while read -r file; do
            echo "$file"
            sed "s/${tree#trees/}/TREE/" "$file"
        done) > "/tmp/same.${tree#trees/}" || return 1
    done
    cmp -s "/tmp/same.${1#trees/}" "/tmp/same.${2#trees/}"
}

# Waits until the workers in `old` have ended: they still ask the old replicas on open connections. While one lives,
# no replica may go.
drain() {
    ends=$(($(date +%s) + LONGEST))
    for pid in $old; do
        while [ -d "/proc/$pid" ]; do
            [ "$(date +%s)" -lt "$ends" ] || { echo "an old worker of NGINX did not end within $LONGEST s"; return 1; }
            sleep 0.2
        done
    done
    echo "@drained"
}

# Makes the tree before this one live again. NGINX may have loaded this one by now, or be about to.
turn_back() {
    point "${before#trees/}"
    unname_replicas || true # what matters most comes next
    reload
    await "${before#trees/}" || { echo "NGINX did not go back to the tree ${before#trees/} within 20 s"; exit 1; }
    drain || true
    exit 1
}

# Whether a replica that is proven now was not proven before.
has_new() {
    for n in $all; do
        replica "$n"
        is_refused "$site" && continue
        grep -q " $container\$" proven 2>/dev/null || return 0
    done
    return 1
}

# Records the containers that were proven: the program replaces others, where they seem unhealthy (attempts.py).
remember() {
    {
        for n in $all; do
            replica "$n"
            is_refused "$site" || echo "$site $container"
        done
        for site in $refused; do grep "^$site " proven 2>/dev/null || true; done | sort -u
        # The replicas of a site in maintenance are not asked. Its file is worth keeping anyway.
        for site in $(list_sites "trees/$next"); do
            printf '%s\n' "$REPLICAS" | grep -q "^$site " && continue
            grep "^$site [^-]" proven 2>/dev/null || true
            echo "$site -"
        done
    } > .proven
    mv .proven proven
}

# Writes which replicas serve each site now: the others close their WebSockets (gunicorn.conf.py). Only root
# writes into this folder.
tell_replicas() {
    for site in $( (cut -d ' ' -f 1 proven; list_told) | sort -u); do
        sed -n "s/^$site //p" proven > "/run/portico/.$site.live"
        mv "/run/portico/.$site.live" "/run/portico/$site.live"
    done
}

# Sites of earlier switches, which may be gone from the settings by now.
list_told() { find /run/portico -maxdepth 1 -name '[!.]*.live' -size +0 | sed 's/.*\///; s/\.live$//'; }

[ -d "trees/$TREE" ] || { echo "the tree $TREE is not there any more"; exit 1; }
touch "trees/$TREE"
before=$(readlink live || true)
old=
prove
list_refused
# No replica was proven before the first tree of all, whatever this switch does.
[ -e proven ] || [ "$before" != "trees/$TREE" ] || : > proven

# It may just be starting, and would not outlive a signal then.
tries=0
until [ -n "$(served)" ] || [ "$tries" -ge 50 ]; do
    tries=$((tries + 1))
    sleep 0.2
done

next=$TREE
[ -z "$refused" ] || compose
name_replicas
# A tree that was restored has the digest of what NGINX may have loaded while it was changed: it is loaded again. Where
# another container takes the place of one of the same release, NGINX's workers still have connections to the old one.
if [ "$before" != "trees/$next" ] || [ "$(served)" != "$next" ] || [ "$REPAIRS" != 0 ] || has_new; then
    [ "$before" = "trees/$next-bridge" ] || [ "$before" = "trees/$next" ] || bridge
    point "$next"
    reload
fi
if ! await "$next"; then
    echo "NGINX did not take the tree $next within 20 s; the tree before it stays live"
    turn_back
fi
prove_again || turn_back
remember
tell_replicas
echo "the tree $next is live"
for n in $all; do
    replica "$n"
    is_refused "$site" || echo "@live $site"
    # 404 counts as healthy, but the health path may be the default, which the application does not have.
    is_refused "$site" || [ "$(cat "$mine/status" 2>/dev/null)" != 404 ] || echo "@missing $site $path"
done | sort -u
drain || exit 1

# The ten newest trees stay, for comparison.
# shellcheck disable=SC2012 # names are digests of our own
ls -1t trees | tail -n +11 | grep -vxF "$next" | while read -r past; do rm -rf "trees/$past"; done

# So do keys and password hashes that no tree names any more.
for folder in private/*; do
    grep -rqF "/etc/portico/$folder/" trees || rm -rf "$folder"
done
# Notes about containers that are gone, or soon will be.
find /run/portico -name '*.boots.*' -mmin +1440 2>/dev/null | while read -r file; do
    case $REPLICAS in
    *" ${file##*.} "*) ;;
    *) grep -q " ${file##*.}\$" proven || rm -f "$file" ;;
    esac
done
[ -z "$refused" ]
