"""What the user brings: the files of an application, and what they say of how it is installed."""
