"""The two images of one site: which of them are built, and which the registry has."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pulumi
import pulumi_docker as docker

from portico.components.build_context import write_context
from portico.components.ecs.image import Image, ImageArgs
from portico.components.ecs.registry import Registry, name_repository
from portico.components.ecs.registry_contents import RegistryContents
from portico.config.release.release import Release
from portico.config.settings import Settings
from portico.config.targets.ecs import FleetSite


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """Where images are made: contexts below `root`, by the `builder` of that name.

    `contents` is what the registry has already; `hooks` are informed of builds that failed.
    """

    root: Path
    contents: RegistryContents
    builder: pulumi.Input[str] | None = None
    hooks: pulumi.ResourceHookBinding | None = None


class Images:
    """Makes the images of `fleet` in `registry`, as children of `parent`, which is the site called `name`.

    `settings` are the stack's.
    """

    def __init__(
        self,
        name: str,
        fleet: FleetSite,
        settings: Settings,
        registry: Registry,
        workshop: Workshop,
        parent: pulumi.Resource,
    ) -> None:
        assert settings.ecs
        self._name, self._fleet, self._settings = name, fleet, settings
        self._registry, self._workshop, self._platform = registry, workshop, settings.ecs.platform
        self._parent, self._child = parent, pulumi.ResourceOptions(parent=parent)

    def make(self) -> tuple[Image, Image]:
        """The application's image, and NGINX's, whose static files come out of the first."""
        fleet = self._fleet
        release = fleet.release
        known = self._find("application", release.image)
        laid = self._find("nginx", fleet.digest)
        wanted = laid is None and (release.static is not None or release.site.asked)
        # Built also for its static files alone: on another machine than the last time it is not there.
        built = bool(release.context) and (known is None or wanted)
        application = self._make_image(
            "application", release.image, release if built else None, known, of=fleet.digest if wanted else ""
        )
        if laid is not None:
            return application, self._make_image("nginx", fleet.digest, None, laid)
        arguments: dict[str, pulumi.Input[str]] = {}
        if wanted:
            arguments["APPLICATION"] = application.local or self._fetch(application.reference)
        context = replace(release, image=f"nginx-{fleet.digest}", context=fleet.nginx, tokens={})
        return application, self._make_image("nginx", fleet.digest, context, None, arguments=arguments)

    def _find(self, role: str, tag: str) -> str | None:
        """The digest of an image that the registry has, and not from a push that the stack's record knows.

        That one stays as it is, with its push.
        """
        contents, repository = self._workshop.contents, name_repository(self._fleet.site.name, role)
        # An earlier release is in no record: what was pushed is remembered by the registry alone.
        if self._fleet.release.context and contents.is_ours(repository, tag):
            return None
        return contents.find(repository, tag)

    def _make_image(
        self,
        role: str,
        tag: str,
        source: Release | None,
        present: str | None,
        *,
        of: str = "",
        arguments: Mapping[str, pulumi.Input[str]] | None = None,
    ) -> Image:
        """The image of that tag, built from the context of `source`; `present` is its digest in the registry."""
        workshop, ca_bundle = self._workshop, self._settings.ca_bundle
        return Image(
            f"{self._name}-{role}",
            ImageArgs(
                site=self._fleet.site.name,
                tag=tag,
                of=of,
                repository=self._registry.urls[role],
                context=write_context(workshop.root, source, ca_bundle) if source else None,
                tokens=bool(source and source.tokens),
                platform=self._platform,
                arguments=arguments or {},
                present=present,
                builder=workshop.builder,
                hooks=workshop.hooks,
            ),
            self._child,
        )

    def _fetch(self, reference: pulumi.Output[str]) -> pulumi.Output[str]:
        """An earlier release's image on the user's own Docker, from the registry; its name there."""
        fetched = docker.RemoteImage(
            f"{self._name}-application-{self._fleet.release.image}-fetched",
            name=reference,
            platform=self._platform,
            keep_locally=False,
            force_remove=True,
            opts=self._child,
        )
        return pulumi.Output.all(fetched.name, fetched.image_id).apply(lambda found: str(found[0]))
