"""Images of releases: one resource each, so that each that goes is announced, and goes after its containers."""

from collections.abc import Collection

import pulumi
import pulumi_docker as docker

from portico.components.build_context import list_secrets, name_log
from portico.components.docker.labels import list_labels
from portico.components.scope import name_owner
from portico.config.load import Stack
from portico.config.release.history import History, Record
from portico.config.release.image_name import spell_image

Image = docker.RemoteImage


def name_image(site: str, digest: str) -> str:
    """The image's name on the engine (config/release/image_name.py)."""
    return spell_image(name_owner(), pulumi.get_stack(), site, digest)


def build_image(
    site: str,
    digest: str,
    context: str,
    verdict: pulumi.Input[str],
    parent: pulumi.Resource,
    builder: pulumi.Input[str] | None = None,
    *,
    tokens: bool = False,
    provider: docker.Provider | None = None,
) -> Image:
    """The image that `context` makes, with secrets of its site where there are `tokens`.

    Nothing is built before `verdict` resolves. `provider` is another one than the parent's.
    """
    labels = list_labels("image", site)
    build = docker.RemoteImageBuildArgs(
        context=context,
        build_log_file=name_log(context),
        builder=builder,
        # The provider hands the one to buildx, the other to an engine that it asks itself.
        label=labels,
        labels=labels,
        secrets=list_secrets(context, tokens),
    )
    # As a dependency, not by way of an input: a preview that cannot know the verdict yet would show a rebuild.
    agreed: pulumi.Output[list[pulumi.Resource]] = pulumi.Output.from_input(verdict).apply(lambda _: [])
    return _register(site, digest, build, pulumi.ResourceOptions(parent=parent, depends_on=agreed, provider=provider))


def find_image(site: str, digest: str, parent: pulumi.Resource) -> Image:
    """The image of an earlier release, which is there: it is never built."""
    return _register(site, digest, None, pulumi.ResourceOptions(parent=parent))


def _register(site: str, digest: str, build: docker.RemoteImageBuildArgs | None, opts: pulumi.ResourceOptions) -> Image:
    # The digest names all that is in the image: how it was once built makes no other of it.
    opts.ignore_changes = ["build"]
    assert opts.parent
    return docker.RemoteImage(
        f"{opts.parent.pulumi_resource_name}-image-{digest}",
        name=name_image(site, digest),
        build=build,
        keep_locally=False,
        # Else one container that somebody started by hand would fail the run; its image stays, without the name.
        force_remove=True,
        opts=opts,
    )


def forget_lost(stack: Stack, images: Collection[str] | None) -> History:
    """The stack's history without releases whose image is not among `images`, all those on the engine.

    Raises RunError where a site is pinned to one of these. None: the engine could not be asked.
    """
    if images is None:
        return stack.history
    # What is deployed from its source is built where it is missing.
    built = {(release.site.name, release.image) for release in stack.releases if release.site.name not in stack.pinned}
    found: dict[str, tuple[Record, ...]] = {}
    for site, records in stack.history.items():
        kept = tuple(one for one in records if (site, one.image) in built or name_image(site, one.image) in images)
        lost = [one.release for one in records if one not in kept]
        if stack.pinned.get(site) in lost:
            raise pulumi.RunError(_refuse(site, stack.pinned[site], kept))
        if lost:
            pulumi.log.warn(f"{site} cannot go back to {', '.join(lost)} any more: the image is not on this engine.")
        found[site] = kept
    return found


def _refuse(site: str, release: str, kept: tuple[Record, ...]) -> str:
    others = ", ".join(one.release for one in kept)
    choice = f"write one of {others}, or remove the line" if others else "remove the line"
    return (
        f"rollback.{site}: the image of release {release} is not on this Docker engine any more; nothing was changed. "
        f"To fix it, {choice}: make resume SITE={site}"
    )
