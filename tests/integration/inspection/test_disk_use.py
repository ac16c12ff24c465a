"""How much room folders take."""

import os
from contextlib import contextmanager

from runthrough.adapters.disk_use import disk_use


def test_folders_are_measured_with_all_that_is_in_them(tmp_path):
    """Files at any depth count, and the largest folder is named."""
    (small := tmp_path / "small").mkdir()
    (large := tmp_path / "large" / "deep").mkdir(parents=True)
    (large / "bytes").write_bytes(b"x" * 2_000_000)
    found = disk_use(map(str, (small, tmp_path / "large")))
    assert found.folders == 2
    assert found.largest == str(tmp_path / "large")
    assert 2_000_000 <= found.largest_bytes <= found.size_bytes
    assert found.free_bytes > 0


def test_a_link_leads_nowhere(tmp_path):
    """What a link points to lies elsewhere and is not counted, and no loop is walked."""
    (tmp_path / "elsewhere").write_bytes(b"x" * 2_000_000)
    (folder := tmp_path / "folder").mkdir()
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    (folder / "loop").symlink_to(folder)
    assert disk_use([str(folder)]).size_bytes < 2_000_000


def test_what_goes_meanwhile_takes_nothing_else_along(tmp_path, monkeypatch):
    """A file that is removed between listing and looking is left out; those beside it count."""
    for name in "abc":
        (tmp_path / name).write_bytes(b"x" * 1_000_000)
    listing = os.scandir

    @contextmanager
    def removing(folder):
        with listing(folder) as inside:
            found = list(inside)
        (tmp_path / found[0].name).unlink()
        yield found

    monkeypatch.setattr(os, "scandir", removing)
    assert disk_use([str(tmp_path)]).size_bytes >= 2_000_000


def test_no_folder_is_nothing(tmp_path):
    """Sessions whose folders are gone, or that have not run, take no room."""
    assert disk_use([str(tmp_path / "gone")]) is None
