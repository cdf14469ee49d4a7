"""Where sites run: all that differs between targets lies here."""
