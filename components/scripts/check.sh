# Runs once in NGINX's own image: puts a rendered tree beside the live one and asks NGINX what it thinks of it.
set -eu
trees=/etc/portico/trees
mkdir -p "$trees"

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

rm -rf "$trees/.$TREE"
cp -R /incoming "$trees/.$TREE"
if ! nginx -t -q -c "$trees/.$TREE/nginx.conf"; then
    rm -rf "$trees/.$TREE"
    exit 1
fi
rm -rf "${trees:?}/$TREE"
mv "$trees/.$TREE" "$trees/$TREE"
# The first tree of all is what NGINX starts with.
# So is this one where an NGINX of this version would not start with the live files.
if ! [ -e /etc/portico/live ] || ! nginx -t -q -c /etc/portico/live/nginx.conf 2>/dev/null; then
    rm -f /etc/portico/.live
    ln -s "trees/$TREE" /etc/portico/.live
    mv -T /etc/portico/.live /etc/portico/live
fi
