"""Flask applications behind NGINX and Gunicorn."""

import portico

portico.deploy()
