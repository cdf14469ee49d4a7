# Runs in NGINX's container: takes over certificates that the client wrote, and lets NGINX load them. Its arguments
# are NGINX's own command, which runs in this process in the end.
#
# The client (certificates.py) writes each pair into a folder of its own and links offered/SITE to it. A pair is
# taken (live/SITE links to it) if NGINX accepts the live files with it. Otherwise the one before it stays, and
# live/SITE.refused says why. Each NGINX remembers what it has loaded: while two share the port, both load.
certificates=/srv/certificates
work=/tmp/adopt

# What the live links point to, one line for each site.
list_live() { (cd "$certificates/live" && for site in *; do [ -L "$site" ] && echo "$site $(readlink "$site")"; done); }

# Whether NGINX accepts its live files, with the folder $2 instead of the site $1's. Another name than nginx: the
# switch finds NGINX by that (switch.sh).
accepts() {
    rm -rf "$work"
    mkdir -p "$work"
    ln -s "$(command -v nginx)" "$work/try-nginx"
    cp -RL /etc/portico/live/. "$work/tree"
    [ -z "${1:-}" ] || find "$work/tree" -name '*.conf' -exec sed -i "s#$certificates/live/$1/#$certificates/${2#../}/#" {} +
    "$work/try-nginx" -t -q -c "$work/tree/nginx.conf" > "$work/said" 2>&1
}

point() { # point SITE TARGET
    ln -sfn "$2" "$certificates/live/.$1" && mv -T "$certificates/live/.$1" "$certificates/live/$1"
}

take() { # take SITE TARGET
    [ "$(head -n 1 "$certificates/live/$1.refused" 2>/dev/null)" != "$2" ] || return 0
    if accepts "$1" "$2"; then
        point "$1" "$2"
        rm -f "$certificates/live/$1.refused"
        echo "NGINX accepts the certificate ${2##*/} of $1"
    else
        { echo "$2"; head -n 3 "$work/said"; } > "$certificates/live/.$1.refused"
        mv "$certificates/live/.$1.refused" "$certificates/live/$1.refused"
        echo "NGINX does not accept the certificate ${2##*/} of $1: $(head -n 1 "$work/said")"
    fi
}

watch() {
    loaded=$1
    while sleep 2; do
        for offered in "$certificates/offered"/*; do
            target=$(readlink "$offered") || continue
            site=${offered##*/}
            [ -L "$certificates/live/$site" ] && [ "$(readlink "$certificates/live/$site")" != "$target" ] || continue
            take "$site" "$target"
        done
        now=$(list_live)
        [ "$now" != "$loaded" ] || continue
        # It may just be starting, and reads them anyway.
        master=$(cat /tmp/nginx.pid 2>/dev/null) && [ -n "$master" ] || continue
        accepts || { echo "NGINX is not reloaded: $(head -n 1 "$work/said")"; sleep 10; continue; }
        kill -HUP "$master" && loaded=$now
    done
}

# Looked at before NGINX reads them: what changes meanwhile is loaded once more.
watch "$(list_live)" &
exec "$@"
