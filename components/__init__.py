"""Everything that creates resources."""
