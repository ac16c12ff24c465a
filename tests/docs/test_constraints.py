"""The pins in constraints.txt cover what pyproject.toml asks for."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]


def asked():
    project = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text(encoding="utf-8"))
    lists = [
        project["project"]["dependencies"],
        *project["project"]["optional-dependencies"].values(),
        *project["dependency-groups"].values(),
    ]
    return [Requirement(text) for texts in lists for text in texts if isinstance(text, str)]


def pinned():
    text = ROOT.joinpath("constraints.txt").read_text(encoding="utf-8")
    pins = {}
    for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE):
        pins.setdefault(canonicalize_name(name), []).append(version)
    return pins


def test_every_dependency_is_pinned_to_a_version_that_it_allows():
    """Each dependency, of extras and groups too, has a pin that fits its range."""
    pins = pinned()
    for requirement in asked():
        versions = pins.get(canonicalize_name(requirement.name), [])
        assert versions, f"{requirement.name} has no pin: make the constraints anew"
        assert any(requirement.specifier.contains(version) for version in versions)


def test_the_pins_name_no_place():
    """No address of a package index stands in the constraints."""
    assert "://" not in ROOT.joinpath("constraints.txt").read_text(encoding="utf-8")
