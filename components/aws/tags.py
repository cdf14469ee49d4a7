"""Tags: by them people and bills know what is whose."""

from collections.abc import Mapping

import pulumi

from portico.components.scope import name_owner


def make_tags(role: str, own: Mapping[str, str], **more: str) -> dict[str, str]:
    """The tags of one thing: what it is, whose it is, and what the settings say (`own`)."""
    project, stack = name_owner(), pulumi.get_stack()
    return {**own, "Name": f"{project}-{stack}-{role}", "Project": project, "Stack": stack, **more}
