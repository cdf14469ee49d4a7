"""Builds an image on the user's own Docker and pushes it to the registry; from then on its digest names it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws
import pulumi_docker as docker

from portico.components.build_context import list_secrets, name_log
from portico.components.docker import credential_helper
from portico.components.docker.labels import list_labels


@dataclass(frozen=True, kw_only=True)
class ImageArgs:
    """`tag` names what is in the image; it lies at `repository` (URL), once `context` (a folder) has been built.

    `of` names a build of the same besides, under a name of its own on the user's Docker. `platform` is Docker's name
    of a processor; `arguments` are given to the build, with `tokens` also secrets of the site. With
    `present` the registry has the image under this digest: it is not pushed. `builder` names where images are built,
    `hooks` are informed of failures.
    """

    site: str
    tag: str
    repository: pulumi.Input[str]
    context: str | None
    platform: str
    of: str = ""
    tokens: bool = False
    arguments: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    present: str | None = None
    builder: pulumi.Input[str] | None = None
    hooks: pulumi.ResourceHookBinding | None = None


class Image(pulumi.ComponentResource):
    """One image of a site.

    Outputs: `reference` (repository@digest, once it is in the registry), `local` (its name on the user's Docker, once
    it is there; None where nothing is built).
    """

    reference: pulumi.Output[str]
    local: pulumi.Output[str] | None = None

    def __init__(self, name: str, args: ImageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:ecs:Image", name, None, opts)
        self._name, self._args = name, args
        repository = pulumi.Output.from_input(args.repository)
        built = self._build(args.context) if args.context and args.present is None else None
        if args.present is not None:
            self.reference = pulumi.Output.concat(repository, "@", args.present)
        else:
            assert built is not None
            pushed = self._push(built)
            self.reference = pulumi.Output.concat(repository, "@", pushed.sha256_digest)
        if args.context and args.of:
            # The provider deletes an image by its name: two builds of one name would take it from each other.
            built = self._build(args.context, args.of, pulumi.ResourceOptions(depends_on=[built] if built else []))
        if built is not None:
            self.local = pulumi.Output.all(built.name, built.image_id).apply(lambda found: str(found[0]))
        self.register_outputs({"reference": self.reference})

    def _build(self, context: str, of: str = "", opts: pulumi.ResourceOptions | None = None) -> docker.RemoteImage:
        args = self._args
        tag = "-".join(filter(None, (args.tag, of)))
        labels = list_labels("image", args.site)
        build = docker.RemoteImageBuildArgs(
            context=context,
            platform=args.platform,
            build_args=dict(args.arguments) or None,
            build_log_file=name_log(context),
            builder=args.builder,
            # The provider hands the one to buildx, the other to an engine that it asks itself.
            label=labels,
            labels=labels,
            secrets=list_secrets(context, args.tokens),
            # One image, not a list with a page about its making beside it: what is scanned is what runs.
            provenance="false",
        )
        own = pulumi.ResourceOptions(parent=self, ignore_changes=["build"], hooks=args.hooks)
        return docker.RemoteImage(
            f"{self._name}-{tag}",
            name=pulumi.Output.concat(args.repository, ":", tag),
            build=build,
            keep_locally=False,
            force_remove=True,
            # The tag names all that is in the image: how it was once built makes no other of it.
            opts=pulumi.ResourceOptions.merge(own, opts),
        )

    def _push(self, built: docker.RemoteImage) -> docker.RegistryImage:
        return docker.RegistryImage(
            f"{self._name}-{self._args.tag}-pushed",
            # Not by way of what was built: a preview that cannot know that yet would show another push.
            name=pulumi.Output.concat(self._args.repository, ":", self._args.tag),
            # The registry forgets by itself, and what it has can be gone back to.
            keep_remotely=True,
            # No login stands here: it would end after 12 hours and stay in the state. A refresh would then not find the
            # image and forget it, and the next push of the same tag would be refused. See `open_registry`.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[built]),
        )


def open_registry(account: pulumi.ProviderResource) -> docker.ProviderRegistryAuthArgs:
    """Opens the account's registry to Docker's provider, whenever that is started: also for a refresh, days later.

    Docker's provider asks a command for the login (cli/registry_login.py). So the record of the stack holds none.

    Raises pulumi.RunError where that command, or AWS's own, is not on PATH.
    """
    credential_helper.require_commands()
    token = aws.ecr.get_authorization_token(opts=pulumi.InvokeOptions(provider=account))
    host = token.proxy_endpoint.partition("://")[2]
    return docker.ProviderRegistryAuthArgs(
        address=token.proxy_endpoint, config_file_content=json.dumps({"credHelpers": {host: credential_helper.NAME}})
    )
