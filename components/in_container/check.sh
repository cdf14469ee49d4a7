# Runs once in NGINX's own image: writes a rendered tree beside the live one and lets NGINX check it.
set -eu
trees=/etc/portico/trees
mkdir -p "$trees"
cd /etc/portico

if [ -n "$HANDOVER" ]; then
    lacking=
    perl -MFcntl -MPOSIX -MSocket -e1 2>/dev/null || lacking="NGINX's image has no Perl"
    # The machines whose system calls hold.pl and take.pl know.
    case $(uname -m) in x86_64 | aarch64 | riscv64) ;; *) lacking="this machine is a $(uname -m)" ;; esac
    if [ -n "$lacking" ]; then
        echo "$lacking, so a new NGINX cannot take the port from the old one;"
        echo "write nginx.handover: false, or an image such as nginx:1.30.6"
        exit 1
    fi
    # Only NGINX's user may enter: who can, is given the public ports.
    if ! [ -d /etc/portico/port ]; then
        mkdir -m 0700 /etc/portico/port
        chown 101:101 /etc/portico/port
    fi
fi

# Keys and password hashes: NGINX's group may read them, nobody may change them.
if [ -n "$PRIVATE" ]; then
    private="/etc/portico/private/$PRIVATE"
    rm -rf "$private"
    mkdir -p "$private"
    cp /private/* "$private/"
    chmod 0440 "$private"/*
    chgrp 101 "$private"/*
    rm -f /private/*
fi

# Certificates that are ordered: the client that orders them (102) writes, NGINX (101) reads, and chooses which are live.
if [ -n "${ORDERED:-}" ]; then
    certificates=/srv/certificates
    for folder in none live store offered client; do mkdir -p "$certificates/$folder"; done
    # Before its first certificate a site refuses HTTPS handshakes, and plain HTTP is not redirected.
    echo 'ssl_reject_handshake on;  # there is no certificate yet' > "$certificates/none/certificate.conf"
    : > "$certificates/none/names.map"
    chmod 0755 "$certificates/none" "$certificates/live"
    chmod 0644 "$certificates/none"/*
    for site in $ORDERED; do
        [ -e "$certificates/live/$site/certificate.conf" ] || ln -sfn ../none "$certificates/live/$site"
    done
    # The settings of the client, which nobody else may read.
    for file in ca.pem eab aws; do
        rm -f "$certificates/client/$file"
        [ ! -f "/client/$file" ] || install -m 0400 -o 102 -g 101 "/client/$file" "$certificates/client/$file"
        rm -f "/client/$file"
    done
    chown 101:101 "$certificates/live"
    chown 102:101 "$certificates" "$certificates/store" "$certificates/offered" "$certificates/client" /srv/challenges
    chmod 0750 "$certificates" "$certificates/store" "$certificates/offered"
    chmod 0700 "$certificates/client"
    chmod 0755 /srv/challenges
fi

rm -rf "$trees/.$TREE"
cp -R /incoming "$trees/.$TREE"
if ! nginx -t -q -c "$trees/.$TREE/nginx.conf"; then
    rm -rf "$trees/.$TREE"
    exit 1
fi
rm -rf "${trees:?}/$TREE"
mv "$trees/.$TREE" "$trees/$TREE"

# The release whose replicas the file $1 of the site $2 names.
find_release() {
    sed -nE "s@^ *(server|set +.replicas|# replicas:) +(unix:[^ ]*/$2/|$2-)([0-9a-f]{12})[-.:].*@\3@p" "$1" | head -n 1
}

# Makes of TREE the tree $1, in which each site has the replicas that are live. A site that is new has no file in it.
keep_replicas() {
    rm -rf "${trees:?}/.$1"
    cp -R "$trees/$TREE" "$trees/.$1"
    for site in $(list_sites "$trees/.$1"); do
        file="$trees/.$1/conf.d/$site.conf"
        was="/etc/portico/live/conf.d/$site.conf"
        if ! [ -f "$was" ]; then
            drop_site "$trees/.$1" "$site"
            continue
        fi
        old=$(find_release "$was" "$site")
        new=$(find_release "$file" "$site")
        if [ -z "$old" ] || [ -z "$new" ]; then continue; fi
        list_files "$trees/.$1" "$site" | while read -r own; do sed -i "s/$new/$old/g" "$trees/.$1/$own"; done
        # There may be more or fewer of them.
        grep '^ *server .* max_fails=0' "$was" > /tmp/servers || continue
        grep -q '^ *server .* max_fails=0' "$file" || continue
        sed -i -e '/^ *server .* max_fails=0/d' -e '/^upstream /r /tmp/servers' "$file"
    done
    rename_tree "$trees/.$1" "$TREE" "$1"
}

# NGINX starts with the first tree of all. No replica is proven yet, whether a switch follows or not.
if ! [ -e /etc/portico/live ]; then
    [ -e proven ] || : > proven
    point "$TREE"
# This version of NGINX may not start with the live files. The new ones name replicas that were not asked yet.
elif ! nginx -t -q -c /etc/portico/live/nginx.conf 2>/dev/null; then
    between="$TREE-$(date +%s)"
    keep_replicas "$between"
    if ! nginx -t -q -c "$trees/.$between/nginx.conf"; then
        rm -rf "${trees:?}/.$between"
        echo "This NGINX starts neither with the live files nor with the new ones for the live replicas."
        exit 1
    fi
    rm -rf "${trees:?}/$between"
    mv "$trees/.$between" "$trees/$between"
    point "$between"
fi
