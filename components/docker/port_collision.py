"""Explains by its setting a public port that Docker cannot open: a program may take one at any moment."""

import re

import pulumi

from portico.config.public_address import Public

_SAID = re.compile(r"(?:Bind for|listen \w+) (?P<at>\S+?):(?P<port>\d+)(?: failed)?: (?:bind: )?(?P<why>[a-z ]+)")


def watch_ports(public: Public, name: str) -> pulumi.ResourceHookBinding:
    """Hooks for the container that publishes `public`; `name` is a name that no other hook has."""

    def tell(args: pulumi.ErrorHookArgs) -> bool:
        if said := explain_collision(public, args.errors):
            pulumi.log.error(said)
        return False

    return pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook(name, tell)])


def explain_collision(public: Public, errors: list[str]) -> str | None:
    """Which setting cannot be had and why; None where the errors are about something else."""
    found = next(filter(None, map(_SAID.search, errors)), None)
    if not found:
        return None
    port, why = int(found["port"]), found["why"].strip()
    setting = "tls.port" if port == public.tls_port else "port"
    if why.startswith("cannot assign"):
        setting = "address"
    return (
        f"portico:{setting}: Docker could not open port {port} of {public.address}: {why}. "
        "Free it, or write another, then run this again. If the port was another one before, that one still answers."
    )
