"""Tests of what make calls."""
