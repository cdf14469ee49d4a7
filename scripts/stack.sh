# What the scripts that work on one stack share: set up, then select it. Source it; ENV names the stack.
# shellcheck shell=bash

# shellcheck source=setup/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup/lib.sh"
ENV=${ENV:-dev}
cd "$ROOT" || exit

[ -f "Pulumi.$ENV.yaml" ] || fail "there is no environment '$ENV'; write Pulumi.$ENV.yaml, or choose one of: $(
  find . -maxdepth 1 -name 'Pulumi.*.yaml' | sed 's#^\./Pulumi\.##; s#\.yaml$##' | sort | paste -sd ' ' -)"

# The secrets of dev are nobody's; those of the other stacks need a passphrase that only you know.
if [ "$ENV" != dev ] && [ -z "${PULUMI_CONFIG_PASSPHRASE:-}${PULUMI_CONFIG_PASSPHRASE_FILE:-}" ] &&
  ! grep -q '^secretsprovider: *[^p]' "Pulumi.$ENV.yaml"; then
  fail "the stack '$ENV' keeps secrets; set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to its passphrase."
fi

"$ROOT/scripts/setup.sh" "$ENV"
# shellcheck source=/dev/null
. "$TOOLS/env"

# Each thing that is done at the same time is a session; most SSH servers take ten on one connection.
[ "$("$ROOT/.venv/bin/python" "$ROOT/scripts/setup/target.py" "$ROOT" "$ENV")" = local ] ||
  export PULUMI_PARALLEL="${PULUMI_PARALLEL:-8}"

"$ROOT/.venv/bin/python" "$ROOT/scripts/mend_state.py" "$ROOT/.state"
exists() { pulumi stack select "$ENV" --non-interactive >/dev/null 2>&1; }
select_or_create() { exists || pulumi stack select "$ENV" --create --non-interactive --color auto; }

# Who works on the stack just now, or was killed while doing so: in words, after anything Pulumi says itself.
look() { "$ROOT/.venv/bin/python" "$ROOT/scripts/holder.py" "$ENV"; }

# Makes the stack what its settings say, and ends with what runs now. Options are for pulumi up.
# A site that cannot be built does not keep the others from going live: the engine goes on after a failure.
deploy() {
  local status
  look
  pulumi up --stack "$ENV" --yes --non-interactive --color auto --suppress-outputs --continue-on-error "$@" || { status=$?; look; exit "$status"; }
  pulumi stack export --stack "$ENV" | "$ROOT/.venv/bin/python" "$ROOT/scripts/summary.py" up "$SECONDS"
}
