"""The same application with pulumi-docker alone, as its examples do it: an image, a network, containers with names."""

import hashlib
from pathlib import Path

import pulumi
import pulumi_docker as docker

config = pulumi.Config()
name = config.require("name")  # containers and images of the engine are everybody's
here = Path.cwd()
source = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(here.glob("app/**/*")) if path.is_file()))

image = docker.RemoteImage(
    "app",
    name=name,
    build=docker.RemoteImageBuildArgs(context=str(here)),
    triggers={"source": source.hexdigest()},
    keep_locally=True,  # without it, the old image is to be deleted under containers that run
)
network = docker.Network("network", name=name)
replicas = [
    docker.Container(
        f"app-{index}",
        name=f"{name}-app-{index}",
        image=image.image_id,
        restart="unless-stopped",
        networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=network.name, aliases=["app"])],
    )
    for index in range(2)
]
nginx = docker.RemoteImage("nginx-image", name=config.require("nginxImage"), keep_locally=True)
docker.Container(
    "nginx",
    name=f"{name}-nginx",
    image=nginx.image_id,
    restart="unless-stopped",
    ports=[docker.ContainerPortArgs(internal=8080, external=config.require_int("port"), ip="127.0.0.1")],
    volumes=[
        docker.ContainerVolumeArgs(
            host_path=str(here / "nginx.conf"), container_path="/etc/nginx/nginx.conf", read_only=True
        )
    ],
    networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=network.name)],
    opts=pulumi.ResourceOptions(depends_on=replicas),
)
