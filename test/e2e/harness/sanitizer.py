"""Whether the program under test was built with a sanitizer (hack/test --sanitize), and what that changes."""
import os

THERE = os.environ.get("SPACELET_SANITIZED", "") not in ("", "0")


def assert_memory_less(case, used, limit):
    """Both in bytes. With a sanitizer the memory is mostly the sanitizer's, and tells nothing."""
    if not THERE:
        case.assertLess(used, limit, "bytes")
