"""Writes docs/deploys.md from recorded runs, and says what else decides the figures: python -m … RECORD OUT.md"""

import os
import platform
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Final

import docker

from bench.deploying.record import load
from bench.deploying.table import make_table


def main(record: Path, out: Path) -> None:
    runs = load(record)
    rounds = len(runs) // len({run.contender for run in runs})
    said = subprocess.run(["docker-compose", "version", "--short"], capture_output=True, text=True, check=True)
    text = _PAGE.format(
        date=date.fromtimestamp(record.stat().st_mtime),
        rounds=f"{rounds} rounds" if rounds > 1 else "1 round",
        cores=os.cpu_count(),
        python=platform.python_version(),
        engine=docker.from_env().version()["Version"],
        compose=said.stdout.strip(),
        busy=runs[0].busy,
        table=make_table(runs),
    )
    print(text.partition("\n## What differs")[0])
    # What people wrote below the figures stays.
    before = out.read_text() if out.is_file() else ""
    out.write_text(text + "".join(before.partition("\n## Notes\n")[1:]))


_PAGE: Final = """# One release, several ways

The same application (`examples/hello`, 2 replicas) gets the same change, one line of code, while the same load runs:
16 clients, half of them on kept connections and some of these rare senders, POSTs that are checked by their hash, and
requests that take 3 s; at most 150 requests a second. A request is sent once: what is not answered rightly is lost.

![requests per second and lost requests while a release happens](deploys.svg)

Of all rounds, the plot shows each contender's middle one.

{table}

Measured on {date} with `make bench-deploy`: {rounds}; in each, everybody has one turn, and another one is first. All
are up all the time, and the image layers below the changed line are there. Figures are medians, with lowest and
highest in brackets; {cores} cores, which clients, NGINX, Gunicorn and the build share; load average when the first
change began: {busy:.1f}. Absolute times say more about the machine than about the tools.
Docker {engine}, docker-compose {compose}, NGINX 1.30.6, Python {python}.

*Seconds to done*: until the command returned. *Seconds to new release*: until a client first saw it. *p99 during*: of
the answered requests that do not take 3 s by themselves, from the command's start to one second after both; lost ones
have no latency.

## What differs

- **Portico** does more in its seconds: NGINX checks the configuration, both new replicas must be healthy beside the
  old ones, and the command ends when the last connection to the old ones is finished. A new release answers well
  before that.
- **Docker Compose** (`docker-compose up -d --build`, with health check, `depends_on` and `stop_grace_period`) stops
  each container before it starts its successor, both at about the same time. Compose has no option for the other
  order outside of Swarm, so nobody answers meanwhile. `up -d` ends when NGINX's dependency is healthy again.
- **Plain pulumi-docker** is what the provider does by default: the old containers are killed without time to finish,
  and the command returns as soon as the new ones are started, whether they answer or not.
- Compose and the plain program use the same Dockerfile, `nginx.conf` and Gunicorn settings. NGINX asks Docker's DNS
  every second; with the usual `proxy_pass http://app:8000` alone, it would keep the addresses of containers that are
  gone.
- Portico builds with BuildKit, as does the provider; this docker-compose builds with Docker's classic builder.
- **Compose, max_fails=0** is the same, but NGINX does not leave out a replica for ten seconds (`fail_timeout`) because
  one request to it has failed. **Rolling** also starts as many new containers first, waits until they are healthy, and
  stops the old ones after that, as docker-rollout does: [bench/deploying/experts.py](../bench/deploying/experts.py).
- Other ways were not measured: Swarm, Kubernetes.

Sources: [bench/deploying](../bench/deploying).
"""

if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
