"""Where a host name leads, in plain words."""

from collections.abc import Collection, Sequence


def tell_name(name: str, found: Sequence[str] | None, own: Collection[str]) -> tuple[str, bool]:
    """What is told of a name whose certificate is ordered, and whether somebody has to see to it.

    `found` are its addresses, None where DNS does not answer; `own` are those of the machine, none where nobody knows.
    """
    if found is None:
        return f"{name}: DNS does not answer here, so where it leads is not known.", False
    if not found:
        return f"{name} leads nowhere yet: it gets no certificate until DNS leads it here.", True
    where = f"{name} leads to {', '.join(found)}"
    if not own:
        return f"{where}; whether that is here cannot be seen from here.", False
    if set(found) & set(own):
        return f"{where}, which is here.", False
    return (
        f"{where}, and this machine is {', '.join(sorted(own))}: unless that leads here too, as a proxy does, "
        "it gets no certificate."
    ), True
