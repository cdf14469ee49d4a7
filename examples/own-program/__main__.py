"""A database and the site that uses it, in one program: the site gets an address that nobody knows before."""

import pulumi
import pulumi_docker as docker

from portico import Portico, Site

config = pulumi.Config()
image = docker.RemoteImage("database-image", name="python:3.13-slim", keep_locally=True)
# Stands for a real one: it answers, and its address is Docker's choice.
database = docker.Container(
    "database", image=image.image_id, command=["python", "-m", "http.server", "5432"], restart="unless-stopped"
)
address = database.network_datas.apply(lambda networks: networks[0].ip_address if networks else "nowhere")

shop = Portico(
    "shop",
    sites=[
        Site(
            name="shop",
            source="app",
            entry="shop:app",
            hosts=["localhost"],
            health="/healthz",
            secrets={"DATABASE_URL": pulumi.Output.concat("http://", address, ":5432")},
        )
    ],
    settings={"port": config.get_int("port") or 8090},
)

pulumi.export("url", shop.url)
pulumi.export("releases", shop.releases)
