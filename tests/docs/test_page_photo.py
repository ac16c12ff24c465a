"""The picture of the page in README and how-to: there, wide enough, and not heavy."""

import struct

from tests.support.page_photo import PHOTO, SIZE
from tests.support.pages import DOCS, REPOSITORY

BYTES_AT_MOST = 150_000


def test_the_picture_is_wide_and_not_heavy():
    """Whoever reads on a phone loads it as well."""
    content = PHOTO.read_bytes()
    assert len(content) <= BYTES_AT_MOST
    assert content.startswith(b"\x89PNG")
    assert struct.unpack(">II", content[16:24]) == (SIZE["width"], SIZE["height"])


def test_readme_and_how_to_show_the_picture():
    """With words for those who do not see it."""
    for page in (REPOSITORY / "README.md", DOCS / "how-to" / "work-in-the-page.md"):
        line = next(one for one in page.read_text().splitlines() if "images/page.png)" in one)
        described, _, target = line.removeprefix("![").partition("](")
        assert len(described) > 40
        assert (page.parent / target.removesuffix(")")).resolve() == PHOTO
