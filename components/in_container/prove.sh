# Asks the replicas that a tree names, before NGINX is switched to it and after. switch.sh begins with these functions.
#
# REPLICAS has a line a replica:
#   SITE RELEASE INDEX CONTAINER WORKERS OWN KNOWN HOST PATH
# CONTAINER is the short id, - if there is none because it could not be made. OWN is the container's own address, KNOWN
# the one that NGINX uses.
# WAIT is the time in seconds that they have to become healthy.
work=/tmp/replicas
mkdir -p "$work"

# replica N: sets the variables of the replica in line N.
replica() {
    # shellcheck disable=SC2034 # read by the callers
    read -r site release index container workers own known host path <<LINE
$(printf '%s\n' "$REPLICAS" | sed -n "$1p")
LINE
    name="$site-gunicorn-$index"
    # gunicorn.conf.py writes it: each start of Gunicorn, each worker that has loaded the application or is lost.
    boots="/run/portico/$site/$release-$index.boots.$container"
    mine="$work/$1"
}

# The status that the health path answers with at ADDRESS; 000 where nothing answers.
ask() { # ask ADDRESS
    case $1 in
    unix:*) set -- replica --unix-socket "${1#unix:}" ;;
    esac
    # The settings allow no globs, and a proxy in the image's environment is not used.
    where=$1
    shift
    curl -s -g -o /dev/null -m 4 --noproxy '*' --path-as-is -w '%{http_code}' -A portico-switch -H "Host: $host" \
        "$@" "http://$where$path" || true
}

# As health.py: 401, 403 to 405 and 429 are answers of an application that works.
is_good() { case $1 in 2?? | 3?? | 401 | 403 | 404 | 405 | 429) ;; *) return 1 ;; esac }

# Reads $boots: how many workers are up, how often Gunicorn started within WAIT seconds, how many lines there are, and
# how many workers this Gunicorn has lost since its start without one that loaded the application.
read_boots() {
    up=0 started=0 lines=0 vain=0 loaded= alive=
    since=$(($(date +%s) - WAIT))
    [ -f "$boots" ] && [ -r "$boots" ] || return 0
    while read -r what value; do
        lines=$((lines + 1))
        case $what in
        start)
            alive= up=0 vain=0 loaded=
            [ "$value" -lt "$since" ] || started=$((started + 1))
            ;;
        worker) alive="$alive $value " up=$((up + 1)) vain=0 loaded=yes ;;
        lost)
            [ -n "$loaded" ] || vain=$((vain + 1))
            case $alive in *" $value "*) alive=${alive%" $value "*}${alive##*" $value "} up=$((up - 1)) ;; esac
            ;;
        esac
    done < "$boots"
}

# Looks at replica N once. Its folder then has `said`: why it is not proven. The file `good` is there if it is proven,
# `bad` if it is given up before its time is over.
look() {
    replica "$1"
    mkdir -p "$mine"
    if [ "$container" = - ]; then
        echo "it could not be made" > "$mine/said"
        : > "$mine/bad"
        return
    fi
    status=$(ask "$own")
    echo "$status" > "$mine/status"
    read_boots
    streak=$(cat "$mine/streak" 2>/dev/null || echo 0)
    # A start or a lost worker between two answers: what was seen before counts no more.
    [ "$lines" = "$(cat "$mine/lines" 2>/dev/null || echo "$lines")" ] || streak=0
    if is_good "$status" && [ "$up" -ge "$workers" ]; then streak=$((streak + 1)); else streak=0; fi
    echo "$streak" > "$mine/streak"
    echo "$lines" > "$mine/lines"
    rm -f "$mine/good" "$mine/bad"
    # A replica that served before has shown already that it keeps running.
    if [ "$streak" -ge 3 ] || { [ "$streak" -ge 1 ] && grep -q " $container\$" proven 2>/dev/null; }; then
        : > "$mine/good"
    elif [ "$started" -gt 3 ]; then
        echo "Gunicorn ended $((started - 1)) times while it started" > "$mine/said"
        : > "$mine/bad"
    elif [ "$vain" -ge $((3 * workers)) ]; then
        # Gunicorn always makes another one where the application ends its worker: each had three tries.
        echo "$vain workers ended, and none has loaded the application" > "$mine/said"
        : > "$mine/bad"
    elif [ "$status" = 000 ]; then
        echo "nothing answers GET $path" > "$mine/said"
    elif ! is_good "$status"; then
        echo "GET $path with Host: $host is answered with $status" > "$mine/said"
    elif [ "$up" -lt "$workers" ]; then
        echo "$up of its $workers workers have loaded the application" > "$mine/said"
    else
        echo "it has not answered often enough in a row" > "$mine/said"
    fi
}

count() { printf '%s' "$REPLICAS" | grep -c . || true; }

# Asks all replicas, once a second, until each is proven or given up, or WAIT seconds are over.
prove() {
    all=$(seq "$(count)")
    ends=$(($(date +%s) + WAIT))
    while :; do
        for n in $all; do look "$n" & done
        wait
        open=
        for n in $all; do [ -e "$work/$n/good" ] || [ -e "$work/$n/bad" ] || open=yes; done
        [ -n "$open" ] || break
        if [ "$(date +%s)" -ge "$ends" ]; then break; fi
        sleep 1
    done
}

# The sites of which a replica is not proven; prints why, for people and, behind an @, for Portico's program.
list_refused() {
    refused=
    for n in $all; do
        [ ! -e "$work/$n/good" ] || continue
        replica "$n"
        echo "$name: $(cat "$mine/said")"
        echo "@refused $site $index $container $(cat "$mine/said")"
        case " $refused " in *" $site "*) ;; *) refused="$refused $site" ;; esac
    done
}

is_refused() { case " $refused " in *" $1 "*) ;; *) return 1 ;; esac }

# Links the known name $1 to the socket $2, as gunicorn.conf.py does.
lead() {
    # shellcheck disable=SC2016 # for the inner shell
    flock "${1%/*}" sh -c 'ln -sfn "$2" "$1.switch" && mv -T "$1.switch" "$1" && rm -f "$1.out"' - "$1" "$2"
}

# Gives the known names of proven replicas to their containers. A container takes a name by itself only where no other
# container listens behind it (gunicorn.conf.py). One that fails may have renamed it (health.py).
name_replicas() {
    for n in $all; do
        replica "$n"
        case $known in unix:*) ;; *) continue ;; esac
        is_refused "$site" && continue
        link=${known#unix:}
        [ "$(readlink "$link" || true)" != "${own##*/}" ] || continue
        readlink "$link" > "$mine/named" || readlink "$link.out" > "$mine/named" || true
        lead "$link" "${own##*/}"
    done
}

# Links them to the containers of before.
unname_replicas() {
    for n in $all; do
        replica "$n"
        [ ! -s "$mine/named" ] || lead "${known#unix:}" "$(cat "$mine/named")"
    done
}

# Asks the proven replicas again, at the addresses that NGINX uses; false at the first one that does not answer any
# more: visitors get its errors by now.
prove_again() {
    for round in 1 2 3; do
        [ "$round" = 1 ] || sleep 0.5
        for n in $all; do
            replica "$n"
            is_refused "$site" && continue
            status=$(ask "$known")
            read_boots
            if ! is_good "$status" || [ "$up" -lt "$workers" ] || [ "$lines" != "$(cat "$mine/lines")" ]; then
                echo "$name stopped answering GET $path just after NGINX was switched to it ($status)"
                echo "@refused $site $index $container it stopped answering just after the switch"
                return 1
            fi
        done
    done
}
