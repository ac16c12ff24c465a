"""What the wheel carries, used as an installation would use it."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The wheel of this checkout, unpacked as pip would lay it out."""
    built = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", built, ROOT],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    (wheel,) = built.glob("runthrough-*.whl")
    place = tmp_path_factory.mktemp("site")
    zipfile.ZipFile(wheel).extractall(place)
    return place


def run(installed, cwd, *words, database=None):
    env = {
        **os.environ,
        "PYTHONPATH": str(installed),
        "RUNTHROUGH_DATABASE_URL": database or f"sqlite:///{cwd}/log.db",
    }
    return subprocess.run(
        [sys.executable, *words], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_the_wheel_finds_its_own_migrations(installed, tmp_path):
    """An installation without the repository makes its database from the wheel's migrations."""
    where = run(
        installed,
        tmp_path,
        "-c",
        "from runthrough.adapters.store.schema import migrations_folder as f; print(f())",
    )
    assert where.stdout.strip() == str(installed / "runthrough" / "migrations")
    upgraded = run(installed, tmp_path, "-m", "runthrough", "db", "upgrade")
    assert upgraded.returncode == 0, upgraded.stderr
    assert tmp_path.joinpath("log.db").is_file()


@pytest.mark.slow
def test_the_wheel_migrates_postgresql(installed, tmp_path, empty_postgres_url):
    """A team's database is brought up by an installation without the repository."""
    refused = run(installed, tmp_path, "-m", "runthrough", "sessions", database=empty_postgres_url)
    assert refused.returncode == 4
    assert "runthrough db upgrade" in refused.stderr
    upgraded = run(
        installed, tmp_path, "-m", "runthrough", "db", "upgrade", database=empty_postgres_url
    )
    assert upgraded.returncode == 0, upgraded.stderr
    listed = run(installed, tmp_path, "-m", "runthrough", "sessions", database=empty_postgres_url)
    assert listed.returncode == 0, listed.stderr


@pytest.mark.slow
def test_the_wheel_carries_the_demo_and_the_types(installed):
    """The demo, the files of a new project, the licence and `py.typed` are in the wheel."""
    package = installed / "runthrough"
    for name in ("pipeline.yaml", "answers.yaml", "make_data.py", "scripts/package.py"):
        assert package.joinpath("demo", name).is_file(), name
    for name in ("pipeline.yaml", "scripts/clean_orders.py", "data/orders.csv", "gitignore"):
        assert package.joinpath("starter", name).is_file(), name
    assert package.joinpath("py.typed").is_file()
    (metadata,) = installed.glob("runthrough-*.dist-info")
    assert metadata.joinpath("licenses", "LICENSE").is_file()


@pytest.mark.slow
def test_the_wheel_brings_the_pytest_plug_in(installed, tmp_path):
    """An installation leads pytest to the plug-in by its entry point."""
    program = (
        "from importlib.metadata import distribution as d; found = d('runthrough');"
        "print(found.locate_file(''));"
        "print(*(e.load().__file__ for e in found.entry_points if e.group == 'pytest11'))"
    )
    place, plugin = run(installed, tmp_path, "-c", program).stdout.splitlines()
    assert Path(place) == installed
    assert Path(plugin) == installed / "runthrough/entrypoints/pytest_plugin/__init__.py"
