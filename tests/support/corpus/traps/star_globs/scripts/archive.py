"""All tables in one zip."""

import zipfile
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    target = Path(output_paths["zipped"]) / "tables.zip"
    with zipfile.ZipFile(target, "w") as archive:
        for table in sorted(Path(input_paths["tables"]).glob("*.csv")):
            archive.write(table, table.name)
