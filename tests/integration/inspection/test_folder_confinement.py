"""Which paths really lie inside the folders that a service may touch."""

import pytest

from runthrough.adapters.confinement import FolderConfinement
from runthrough.errors import SettingError


@pytest.fixture
def inside(tmp_path):
    """The folder that may be touched, beside others that may not be."""
    for name in ("root", "rootx", "outside"):
        (tmp_path / name).mkdir()
    (tmp_path / "outside/secret.csv").write_text("secret")
    (tmp_path / "root/data.csv").write_text("mine")
    return tmp_path / "root"


@pytest.fixture
def allowed(inside):
    """What confines to that folder."""
    return FolderConfinement([str(inside)], cwd="/")


@pytest.mark.parametrize(
    "below",
    [
        "",
        "/",
        "/.",
        "/data.csv",
        "/data.csv/",
        "//data.csv",
        "/not/there/yet.csv",
        "/..data",
        "/a/../data.csv",
        "/data.csv/below",
        "/new\nline\t\x1b[31m.csv",
        "/with \udce9 undecodable",
    ],
)
def test_what_lies_inside_is_held(allowed, inside, below):
    """The folder itself, what lies in it, and what could come to lie in it."""
    assert allowed.holds(f"{inside}{below}")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        ".",
        "data.csv",
        "root/data.csv",
        "{root}/..",
        "{root}/../outside/secret.csv",
        "{root}/not/there/../../../outside/secret.csv",
        "{root}x",
        "{root}x/data.csv",
        "{root}/data\0.csv",
        "\0",
        "{root}/half \ud800 pair",
        "{root}/" + "a/" * 2048,
        "{root}/" + "ü" * 4096,
        "/etc/passwd",
        "//etc/passwd",
        "/proc/self/root/etc/passwd",
        "/proc/self/cwd",
    ],
)
def test_what_lies_elsewhere_is_not_held(allowed, inside, path):
    """Whatever way leads out of the folder, and what is no path that could be opened."""
    assert not allowed.holds(path.format(root=inside))


def test_two_slashes_in_front_are_one(inside):
    """A path or a folder that begins so is the same one to the system."""
    assert FolderConfinement([f"/{inside}"], cwd="/").holds(str(inside))
    assert FolderConfinement([str(inside)], cwd="/").holds(f"//{inside}/data.csv")


def test_a_link_counts_as_what_it_leads_to(allowed, inside, tmp_path):
    """A link that stays is held, one that leads out is not, nor what lies behind it."""
    (inside / "own").symlink_to(inside / "data.csv")
    (inside / "file").symlink_to(tmp_path / "outside/secret.csv")
    (inside / "folder").symlink_to(tmp_path / "outside")
    (inside / "climbing").symlink_to("../outside")
    (inside / "nowhere").symlink_to(tmp_path / "outside/not-there")
    (inside / "twice").symlink_to(inside / "folder")
    assert allowed.holds(str(inside / "own"))
    for name in ("file", "folder", "climbing", "nowhere", "twice"):
        assert not allowed.holds(str(inside / name)), name
        assert not allowed.holds(str(inside / name / "secret.csv")), name
        assert not allowed.holds(str(inside / name / "not/there/yet")), name


def test_a_way_back_in_is_held(allowed, inside, tmp_path):
    """What counts is where a path leads, not over what it goes."""
    (tmp_path / "outside/back").symlink_to(inside)
    assert allowed.holds(str(tmp_path / "outside/back/data.csv"))
    assert not allowed.holds(str(tmp_path / "outside/secret.csv"))


def test_links_that_lead_to_themselves_open_no_way_out(allowed, inside):
    """Nothing opens such a link, and climbing behind it does not lead out."""
    (inside / "one").symlink_to(inside / "other")
    (inside / "other").symlink_to(inside / "one")
    assert not allowed.holds(str(inside / "one/../../outside/secret.csv"))
    with pytest.raises(OSError, match="symbolic links"):
        (inside / "one").stat()


def test_a_thousand_links_in_a_row_are_no_way_anywhere(allowed, inside, tmp_path):
    """A chain that is longer than anything can follow is refused, not a fault."""
    previous = tmp_path / "outside"
    for number in range(2_000):
        link = inside / f"link{number}"
        link.symlink_to(previous)
        previous = link
    assert not allowed.holds(str(previous / "secret.csv"))


def test_a_folder_that_is_a_link_is_where_it_led_at_the_start(tmp_path, inside):
    """Its own path holds by both names; turned to another folder, it opens no other one."""
    link = tmp_path / "current"
    link.symlink_to(inside)
    allowed = FolderConfinement([f"{link}/"], cwd="/")
    assert allowed.places == (str(link),)
    assert allowed.holds(str(link / "data.csv"))
    assert allowed.holds(str(inside / "data.csv"))
    link.unlink()
    link.symlink_to(tmp_path / "outside")
    assert not allowed.holds(str(link / "secret.csv"))


def test_several_folders_and_relative_ones(tmp_path, inside):
    """Each is held; a relative one is taken from the current folder, a repeated one once."""
    allowed = FolderConfinement(["root", "rootx/../rootx", str(inside)], cwd=str(tmp_path))
    assert allowed.places == (str(inside), str(tmp_path / "rootx"))
    assert allowed.holds(str(tmp_path / "rootx/a"))
    assert not allowed.holds(str(tmp_path / "outside"))


def test_the_whole_machine_can_be_named():
    """Whoever names `/` confines nothing, and says so."""
    allowed = FolderConfinement(["/"], cwd="/")
    assert allowed.holds("/")
    assert allowed.holds("/etc/passwd")


@pytest.mark.parametrize("root", ["{root}/not-there", "{root}/data.csv", "{root}\0"])
def test_what_is_no_folder_confines_nothing(inside, root):
    """A mistyped folder is told when the service starts."""
    with pytest.raises(SettingError) as told:
        FolderConfinement([root.format(root=inside)], cwd="/")
    assert "is no folder, so nothing can be confined to it" in told.value.message
    assert told.value.fix == "name one that is there: runthrough serve --root DIR"


def test_no_folder_at_all_is_refused():
    """An empty list would lock everybody out, or let everybody in: it is neither."""
    with pytest.raises(SettingError, match="No folder is named"):
        FolderConfinement([], cwd="/")
