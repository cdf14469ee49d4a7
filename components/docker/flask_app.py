"""A Flask application."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from portico.components.docker.hardening import require_success, start_first
from portico.components.docker.images import build_image, find_image
from portico.components.docker.labels import list_labels
from portico.components.partial_update import or_none
from portico.components.scope import name_owner
from portico.config.release.release import Release
from portico.config.release.replica import Place, describe_files, describe_question, describe_uploads
from portico.config.release.static_question import read_answer, tell_left


@dataclass(frozen=True, kw_only=True)
class FlaskAppArgs:
    """`context` is the folder that the image is built from, None where it is an earlier release's and is there.

    `earlier` are the digests of other images that stay, to go back to. `secrets` are {NAME: value}, a secret output.
    `sockets` and `static` name the volumes shared with the edge. `verdict` resolves once the
    configuration has been accepted: before that, nothing is built.
    `builder` names where images are built.
    """

    release: Release
    context: str | None
    sockets: pulumi.Input[str]
    static: pulumi.Input[str]
    verdict: pulumi.Input[str]
    secrets: pulumi.Output[Mapping[str, str]] | None = None
    earlier: Collection[str] = ()
    builder: pulumi.Input[str] | None = None


class FlaskApp(pulumi.ComponentResource):
    """One release of an application: its image, built from source and named by content, and its files.

    The files come second, by `lay_out`: its data may be on its way here as long as images are built.

    Outputs: `image` (image id), `files` (id of the container that laid out the files, once it ended
    well), `secrets` (name of the volume of secrets, if there are any).
    """

    image: pulumi.Output[str]
    files: pulumi.Output[str]
    secrets: pulumi.Output[str] | None = None

    def __init__(self, name: str, args: FlaskAppArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:FlaskApp", name, None, opts)
        self._args = args
        release, site = args.release, args.release.site
        if args.context is None:
            image = find_image(site.name, release.image, self)
        else:
            image = build_image(
                *(site.name, release.image, args.context, args.verdict, self, args.builder),
                tokens=bool(release.tokens),
            )
        for digest in sorted({*args.earlier} - {release.image}):
            find_image(site.name, digest, self)
        self.image = or_none(image.image_id)
        if args.secrets is not None:
            volume = docker.Volume(
                f"{name}-secrets",
                labels=[
                    docker.VolumeLabelArgs(label=key, value=value)
                    # Another release, another volume: a failed release changes nothing for the one before it.
                    for key, value in list_labels("secrets", site.name, release.id).items()
                ],
                opts=pulumi.ResourceOptions(parent=self),
            )
            self.secrets = volume.name

    def lay_out(self, data: Mapping[str, pulumi.Input[str]]) -> None:
        """Copy static files and secrets to where they are served from, by a container of the new image.

        `data` are the names of the volumes of the site's data, by the data's name.
        """
        args, name = self._args, self.pulumi_resource_name
        place = Place(
            project=name_owner(),
            stack=pulumi.get_stack(),
            sockets=args.sockets,
            static=args.static,
            secrets=self.secrets,
            data=data,
        )
        made = describe_files(args.release, place)
        if args.release.site.asked:
            made["envs"] = self._ask(place)
        if args.secrets is not None:
            made["uploads"] = args.secrets.apply(describe_uploads)
        self.files = require_success(
            docker.Container(f"{name}-files", docker.ContainerArgs(image=self.image, **made), opts=start_first(self)),
            f"The files of {args.release.site.name} could not be written",
        )
        self.register_outputs({"image": self.image, "files": self.files, "secrets": self.secrets})

    def _ask(self, place: Place) -> pulumi.Output[list[str]]:
        """Ask the application which static files it has; the variable that what lays them out reads."""
        release = self._args.release
        described = describe_question(release, place)
        described["envs"] = [f"{name}={value}" for name, value in sorted(described["envs"].items())]
        asked = docker.Container(
            f"{self.pulumi_resource_name}-static",
            docker.ContainerArgs(image=self.image, **described),
            opts=start_first(self),
        )

        def read(printed: str | None) -> list[str]:
            answer = read_answer(printed)
            if said := tell_left(release.site.name, answer):
                pulumi.log.warn(said)
            return [f"PORTICO_STATIC={json.dumps(answer.folders)}"]

        return asked.container_logs.apply(read)
