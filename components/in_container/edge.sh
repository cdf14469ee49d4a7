# Runs NGINX where it publishes the port itself, and decides how it ends.
# TERM, as Docker sends it: NGINX closes its port at once, so nobody is answered until a successor listens. Requests in
# flight have 0.2 s, which is enough for most, and are cut then: no request is answered while NGINX waits for them.
# QUIT, sent by hand: all requests in flight may finish, however long they take.
"$@" &
master=$!
trap 'kill -QUIT "$master"; sleep 0.2; kill -TERM "$master"' TERM
trap 'kill -QUIT "$master"' QUIT
trap 'kill -HUP "$master"' HUP
trap 'kill -USR1 "$master"' USR1
code=0
# A trapped signal ends `wait` before NGINX has ended.
while kill -0 "$master" 2>/dev/null; do
    code=0
    wait "$master" || code=$?
done
exit "$code"
