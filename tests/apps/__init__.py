"""Applications that others wrote, as PyPI has them: deployed, and compared with what they answer without NGINX."""
