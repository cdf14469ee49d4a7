# Every version that set-up installs, in one place. The Python packages are in pyproject.toml.
# shellcheck shell=bash disable=SC2034  # read by the scripts that source this file

PULUMI_VERSION=3.256.0
PULUMI_OLDEST=3.250.0        # a pulumi on PATH that is at least this new is used as it is
DOCKER_PLUGIN_VERSION=5.2.0  # the same as pulumi-docker in pyproject.toml
AWS_PLUGIN_VERSION=7.51.1    # the same as pulumi-aws in pyproject.toml
PYTHON_OLDEST=3.11
UV_VERSION=0.13.9            # only for `make lock`
