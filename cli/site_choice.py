"""Which site a command is for."""

from collections.abc import Collection

from portico.cli.refused import Refused
from portico.cli.spelling import spell, spell_option


def choose_site(stack: str, live: Collection[str], site: str, command: str) -> str:
    """The site of that name, or the only one, of those that are live. Raises Refused."""
    sites = " ".join(live)
    if not live:
        raise Refused(f"no release of the stack {stack} went live yet; {spell('up', stack)} does it")
    if site and site not in live:
        raise Refused(
            f'there is no site "{site}" in the stack {stack}; write {spell_option("site")} and one of: {sites}'
        )
    if not site and len(live) > 1:
        raise Refused(f"which site? Write {spell(command, site='')} and one of: {sites}")
    return site or next(iter(live))
