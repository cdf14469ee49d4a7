"""How fast it serves: the presets article and default, Caddy, and Gunicorn alone, taking turns in one run.

python -m tests.bench.serving [--rounds 5] [--seconds 4] [--write docs/benchmarks.md]

Everything runs from rendered files (`make render LAYOUT=sites-available`) on 127.0.0.1: each NGINX and Caddy in a plain
container of the same image on the host's network, before Gunicorns with one and the same rendered configuration. All
write an access log into memory.
"""
