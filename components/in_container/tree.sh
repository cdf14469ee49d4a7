# What check.sh and switch.sh both do with trees; each of them begins with these functions. They run in /etc/portico.

# Makes the tree $1 live, in one step.
point() {
    rm -f .live
    ln -s "trees/$1" .live
    mv -T .live live
}

# Takes the site $2 out of the folder $1 of a tree: its file, and its answer to load balancers.
drop_site() {
    rm -f "$1/conf.d/$2.conf"
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
