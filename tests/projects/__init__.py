"""Projects that a generator makes: what Portico installs is what pip, uv and Poetry install themselves."""
