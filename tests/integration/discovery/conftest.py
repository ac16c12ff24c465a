"""Scripts written to disk and read by the catalog."""

import textwrap

import pytest

from runthrough.adapters.discovery.catalog import StepCatalog


@pytest.fixture
def read(tmp_path):
    """Write a script and files beside it, and read what it needs: (kind, name) → need."""

    def read_script(source, *, job_args=None, environ_vars=None, dynamic=False, beside=None):
        for name, text in {"script.py": source, **(beside or {})}.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(textwrap.dedent(text), encoding="utf-8")
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
