"""Copies ordered certificates from the machine that serves to the one that replaces it.

They pass only through this program's memory, by SSH on both sides: no state and no file of this machine has a key.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import pulumi

from portico.components.docker.certificates import CertificateVolumes
from portico.components.docker.engine_client import Engine
from portico.components.docker.labels import list_labels
from portico.components.partial_update import NONE
from portico.config.render.layout import CERTIFICATES


def bring_over(
    volumes: CertificateVolumes | None, serving: Engine | None, taking: Engine | None, image: pulumi.Output[str]
) -> CertificateVolumes | None:
    """The volumes, once the one of certificates holds what that of the same name has on the engine that is `serving`.

    Nothing that reads them is made before. `image` is one of the engine that is `taking` over. What cannot be had is
    reported, and ordered again.
    """
    if volumes is None or serving is None or taking is None:
        return volumes
    if pulumi.runtime.is_dry_run():
        pulumi.log.info("The certificates come from the machine that serves, before the address leads to the new one.")
        return volumes

    async def bring(known: Sequence[str]) -> str:
        import docker.errors

        volume, there = known
        try:
            if NONE not in known:
                await asyncio.to_thread(copy_volume, serving, taking, volume, there)
        except (docker.errors.DockerException, OSError) as error:
            pulumi.log.warn(
                f"The certificates do not come from the machine that serves: {error}. The new one orders them once the "
                "address leads to it, and refuses the TLS handshake until then."
            )
        return volume

    return replace(volumes, certificates=pulumi.Output.all(volumes.certificates, image).apply(bring))


def copy_volume(serving: Engine, taking: Engine, volume: str, image: str) -> None:
    """Copy the volume of certificates, with owners and modes. Raises DockerException, or OSError."""
    before, after = serving.connect(), taking.connect()
    try:
        found = before.containers.list(all=True, filters={"volume": volume}, ignore_removed=True)
        if not found:
            # It had none yet.
            return
        chunks, _ = found[0].get_archive(CERTIFICATES)
        # It never runs: Docker lays files into the volumes of what is only made, too.
        holder = after.containers.create(
            image,
            entrypoint=["true"],
            network_mode="none",
            labels=list_labels("handover"),
            volumes={volume: {"bind": CERTIFICATES, "mode": "rw"}},
        )
        try:
            holder.put_archive(str(PurePosixPath(CERTIFICATES).parent), b"".join(chunks))
        finally:
            holder.remove(force=True)
    finally:
        before.close()
        after.close()
