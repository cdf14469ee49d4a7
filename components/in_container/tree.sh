# What check.sh and switch.sh both do with trees; each of them begins with these functions. They run in /etc/portico.

# Makes the tree $1 live, in one step.
point() {
    rm -f .live
    ln -s "trees/$1" .live
    mv -T .live live
}

# The files of the site $2 in the folder $1 of a tree, one a line: its own, and the one of its path on a shared host.
list_files() (
    cd "$1"
    for file in "conf.d/$2.conf" hosts/*/paths/"$2.conf"; do
        [ ! -f "$file" ] || echo "$file"
    done
)

# Removes the site $2 from the folder $1 of a tree: its files, and its answer to load balancers. The last one of a shared
# host removes its server too. Requests for a removed site at / get 404: without a location NGINX shows its own page.
drop_site() {
    for dropped in $(list_files "$1" "$2"); do
        shared="$1/${dropped%/paths/*}"
        if [ -d "$shared" ] && grep -q '^location / {' "$1/$dropped"; then
            sed -i '$s#^}#\n    location / { return 404; }\n}#' "$shared/server.conf"
        fi
        rm -f "$1/$dropped"
        if [ -d "$shared" ] && rmdir "$shared/paths" 2>/dev/null; then rm -r "$shared"; fi
    done
    sed -i "\\#location = /readyz/$2 {#,/}/d" "$1/conf.d/00-status.conf"
}

# Lets NGINX answer as the tree $3 with the folder $1, which is a copy of the tree $2.
rename_tree() { sed -i "s/$2/$3/" "$1/conf.d/00-status.conf"; }

# The names of the sites that the folder $1 of a tree serves, one a line.
list_sites() {
    for file in "$1/conf.d"/*.conf; do
        site=${file##*/}
        case $site in [0-9]* | \**) continue ;; esac
        echo "${site%.conf}"
    done
}
