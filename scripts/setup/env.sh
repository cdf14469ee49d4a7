#!/usr/bin/env bash
# Writes .tools/env, for a shell that calls pulumi itself: . .tools/env
set -euo pipefail
. "$(dirname "$0")/lib.sh"

ca_bundle=
for file in "${PIP_CERT:-}" "${SSL_CERT_FILE:-}" "${REQUESTS_CA_BUNDLE:-}"; do
  if [ -f "$file" ]; then
    ca_bundle=$file
    break
  fi
done

# The provider knows the standard socket and DOCKER_HOST, but not the contexts of the docker command.
docker_host=${DOCKER_HOST:-}
if [ -z "$docker_host" ] &&
  { [ -n "${DOCKER_CONTEXT:-}" ] || grep -qs currentContext "${DOCKER_CONFIG:-${HOME:-}/.docker}/config.json"; }; then
  docker_host=$(docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null || true)
fi

# Docker asks a command of ours for logins to AWS's registry: in a checkout it lies here, elsewhere it is installed.
beside=
[ "$PROJECT" != "$ROOT" ] || beside=:$ROOT/scripts

# Pulumi asks the first python3 for its version in each run. Where that is a version manager's, it starts 15 shells.
environment=$(dirname "$PACKAGES")
[ ! -e "$environment/../pyvenv.cfg" ] || beside=$beside:$environment

mkdir -p "$TOOLS"
new=$TOOLS/env.$$
{
  printf 'export PATH=%q:"$PATH"\n' "$TOOLS/bin$beside"
  printf 'export PULUMI_HOME=%q PULUMI_SKIP_UPDATE_CHECK=true\n' "$PULUMI_HOME"
  # Pulumi would fetch the plugin of every package in .venv before it begins, also that for AWS: it is large, and of use
  # to stacks there alone. Set-up installs what a stack needs.
  echo 'export PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true'
  # Docker's builders for other machines lie here too, not in the user's home.
  printf '[ -n "${BUILDX_CONFIG:-}" ] || export BUILDX_CONFIG=%q\n' "$TOOLS/buildx"
  printf '[ -n "${PORTICO_CA_BUNDLE+set}" ] || export PORTICO_CA_BUNDLE=%q\n' "$ca_bundle"
  case $docker_host in
  "" | unix:///var/run/docker.sock) ;;
  *) printf '[ -n "${DOCKER_HOST:-}" ] || export DOCKER_HOST=%q\n' "$docker_host" ;;
  esac
  # The passphrase of the stack dev is empty and everybody's. The other stacks refuse it.
  echo '[ -n "${PULUMI_CONFIG_PASSPHRASE_FILE:-}" ] || export PULUMI_CONFIG_PASSPHRASE="${PULUMI_CONFIG_PASSPHRASE-}"'
} >"$new"
# At once: somebody may read it just now.
mv "$new" "$TOOLS/env"
