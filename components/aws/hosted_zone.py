"""Whether a hosted zone answers for the names that are to lead here, asked before anything is made.

For a name that lies outside, AWS's provider would write a record of another name (shop.example.other.example), and a
certificate that waits for its proof would wait for more than an hour.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from portico.config.mistake import Mistake, Mistakes

# How AWS and its provider say that there is no such zone.
_ABSENT = re.compile(r"NoSuchHostedZone|(?i:not found|couldn't find|no matching)")


@dataclass(frozen=True)
class Zone:
    """A hosted zone of Route 53: its name without a dot at its end; a private one answers inside of networks alone."""

    name: str
    private: bool


def require_zone(path: str, zone: str, names: Mapping[str, str], account: pulumi.ProviderResource) -> None:
    """Refuse, with Mistakes, a zone (id, written at `path`) that does not answer for all `names` ({path: name}).

    Where the credentials may not read the zone, this warns and goes on.
    """
    try:
        found = aws.route53.get_zone(zone_id=zone, opts=pulumi.InvokeOptions(provider=account))
    except Exception as error:
        if _ABSENT.search(str(error)):
            raise Mistakes(
                [Mistake(path, f"there is no hosted zone {zone} in this account; aws route53 list-hosted-zones")]
            ) from None
        pulumi.log.warn(
            f"{path}: whether the hosted zone {zone} answers for the host names cannot be seen: it may not be "
            "looked at (route53:GetHostedZone). For a name outside of it, no certificate is ever issued."
        )
        return
    known = Zone(name=str(found.name).rstrip("."), private=bool(found.private_zone))
    if wrong := list(_find_mistakes(path, zone, known, names)):
        raise Mistakes(wrong)


def _find_mistakes(path: str, id: str, zone: Zone, names: Mapping[str, str]) -> Iterator[Mistake]:
    if zone.private:
        yield Mistake(
            path,
            f"{id} is a private zone, which answers only inside VPCs; write the id of the public zone of {zone.name}",
        )
    for place, name in names.items():
        if not f".{name.removeprefix('*.')}".endswith(f".{zone.name}"):
            yield Mistake(
                place,
                f'"{name}" is not in the hosted zone {zone.name}, which {path} names; write one such as {zone.name}',
            )


def list_names(sites: Sequence[tuple[Sequence[str], Sequence[str]]]) -> dict[str, str]:
    """The names of sites by the paths at which they are written; of each site its hosts and its aliases."""
    return {
        f"sites[{index}].{key}[{place}]": name
        for index, (hosts, aliases) in enumerate(sites)
        for key, listed in (("hosts", hosts), ("aliases", aliases))
        for place, name in enumerate(listed)
    }
