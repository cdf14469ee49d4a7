"""make diff: how the difference is spelled. What is live is read in test_live.py, on the real engine."""

from scripts.diff import compare


def test_equal_trees_differ_in_nothing() -> None:
    assert list(compare({"a": "x\n"}, {"a": "x\n"})) == []


def test_a_change_is_a_unified_diff() -> None:
    assert "".join(compare({"a": "x\ny\n"}, {"a": "x\nz\n"})) == "--- live/a\n+++ new/a\n@@ -1,2 +1,2 @@\n x\n-y\n+z\n"


def test_files_that_come_and_go() -> None:
    text = "".join(compare({"a": "x\n"}, {"b": "y"}))
    assert "--- live/a\n+++ /dev/null\n" in text
    assert "--- /dev/null\n+++ new/b\n@@ -0,0 +1 @@\n+y\n\\ No newline at end of file\n" in text
