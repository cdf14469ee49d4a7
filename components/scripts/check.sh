# Runs once in NGINX's own image: puts a rendered tree beside the live one and asks NGINX what it thinks of it.
set -eu
trees=/etc/portico/trees
mkdir -p "$trees"

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
    # Whoever may enter is given the public ports: NGINX's user, and no application's.
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
