"""What the program may need. Under a sanitizer (hack/test --sanitize) its memory is mostly the sanitizer's, and tells nothing."""
import os

IS_ITS_OWN = os.environ.get("SPACELET_SANITIZED", "") in ("", "0")


def assert_less(case, used, limit):
    """Both in bytes."""
    if IS_ITS_OWN:
        case.assertLess(used, limit, "bytes")
