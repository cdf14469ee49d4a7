"""What a site notices of the attacks on another site of the same stack.

python -m bench.neighbours [--seconds 20] [--write docs/neighbours.md]

Two sites on one NGINX, with the default settings. One is attacked from one address in several ways, one after the
other, and the other is asked 20 times a second meanwhile. All of it shares this machine's processors with whoever
measures.
"""
