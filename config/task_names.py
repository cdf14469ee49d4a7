"""What tasks on ECS that run one command are called, and their containers: no worker and no job has these names."""

from typing import Final

RELEASE: Final = "portico_release"
BY_HAND: Final = "portico_exec"
