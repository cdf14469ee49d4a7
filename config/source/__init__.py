"""What the user brings: the files of an application, and what they say about it."""
