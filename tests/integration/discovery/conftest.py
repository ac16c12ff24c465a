"""Scripts written to disk and read by the catalog."""

import textwrap

import pytest

from runthrough.adapters.discovery.catalog import StepCatalog


@pytest.fixture
def read(tmp_path):
    """Write a script, and read what it needs; a mapping from (kind, name) to the need."""

    def read_script(source, *, job_args=None, environ_vars=None, dynamic=False):
        path = tmp_path / "script.py"
        path.write_text(textwrap.dedent(source), encoding="utf-8")
        catalog = StepCatalog([tmp_path])
        script = catalog.find("script")
        assert script is not None
        found = catalog.requirements(
            script,
            roots=catalog.roots,
            job_args=job_args or {},
            environ_vars=environ_vars or {},
        )
        if dynamic:
            return [(need.kind, need.prefix) for need in found.dynamic]
        return {(need.kind, need.name): need for need in found.needs}

    return read_script


@pytest.fixture
def levels(read):
    """Read the levels of a body of `main`; a mapping from name to level."""

    def read_levels(body, **known):
        source = (
            "import argparse, os, sys\nfrom pathlib import Path\n"
            "def main(input_paths, output_paths, environ_vars, job_args):\n"
            + textwrap.indent(textwrap.dedent(body), "    ")
        )
        return {name: need.level for (_, name), need in read(source, **known).items()}

    return read_levels
