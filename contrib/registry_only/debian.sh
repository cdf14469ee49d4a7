# Makes images from packages of Debian. Source it, after lib.sh; `context` names a folder, `image` the image. The folder is
# named by all that the image is made of: what an interrupted set-up had of it is used.
# shellcheck shell=bash

# The mirror this machine uses itself, if it is a Debian one; otherwise mmdebstrap's own choice.
mirror() {
  apt-get indextargets --format '$(ORIGIN) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    sed -n 's/^Debian main //p' | head -n 1
}

debian() { # debian SUITE PACKAGES mmdebstrap-arguments...
  local suite=$1 packages=$2
  shift 2
  # shellcheck disable=SC2154
  [ ! -f "$context/root.tar" ] || return 0
  # shellcheck disable=SC2046,SC2154  # no mirror, no word
  (umask 022 && mmdebstrap --quiet --variant=minbase --include="$packages,ca-certificates" "$@" "$suite" "$context/part.tar" $(mirror))
  mv "$context/part.tar" "$context/root.tar"
}

assemble() { # assemble LABEL <DOCKERFILE-LINES
  {
    printf 'FROM scratch\nADD root.tar /\nLABEL portico.stand-in=%s\n' "$1"
    cat
  } >"$context/Dockerfile"
  # shellcheck disable=SC2154
  docker build --tag "$image" "$context"
}

need_mmdebstrap() { # need_mmdebstrap WHAT-TO-SAY-WHERE-IT-CANNOT-BE-HAD
  command -v mmdebstrap >/dev/null && return
  can_apt || fail "$1"
  apt_install mmdebstrap debian-archive-keyring
}
