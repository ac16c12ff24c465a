"""Pack a model, its calibration and the code that serves it into one `model.tar.gz`.

Equal content makes an equal archive: times and owners are left out.
"""

import argparse
import gzip
import tarfile
from collections.abc import Mapping
from pathlib import Path


def plan(model: Path, inference: Path, calibration: Path | None) -> dict[str, Path]:
    """Each file of the archive by its name inside.

    Raises:
        FileNotFoundError: The inference folder has no `inference.py`, which a server starts from.
    """
    if not (inference / "inference.py").is_file():
        raise FileNotFoundError(f"no inference.py in {inference}: a server could not start")
    files = {path.name: path for path in model.iterdir() if path.is_file()}
    files |= {f"code/{path.relative_to(inference)}": path for path in inference.rglob("*.py")}
    if calibration is not None:
        files["calibration/calibration.json"] = calibration / "calibration.json"
    return dict(sorted(files.items()))


def without_origin(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """The same member without the time and the owner of its file."""
    member.mtime = member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def main(
    input_paths: Mapping[str, str],
    output_paths: Mapping[str, str],
    environ_vars: Mapping[str, str],  # noqa: ARG001 - all scripts are called with the same four
    job_args: argparse.Namespace,
) -> list[str]:
    """Read `model_input`, `inference_scripts` and, if given, `calibration_input`.

    Writes `packaged_model`; the answer is the list of names in the archive.
    """
    model = Path(input_paths["model_input"])
    inference = Path(input_paths["inference_scripts"])
    calibration = input_paths.get("calibration_input")
    target = Path(output_paths["packaged_model"])
    level = int(getattr(job_args, "compression_level", 6))

    files = plan(model, inference, Path(calibration) if calibration else None)
    target.mkdir(parents=True, exist_ok=True)
    archive_path = target / "model.tar.gz"
    with (
        gzip.GzipFile(archive_path, "wb", compresslevel=level, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for name, path in files.items():
            archive.add(path, arcname=name, filter=without_origin)
            print(f"packed {name}: {path.stat().st_size} bytes")
    print(f"{archive_path.name}: {archive_path.stat().st_size} bytes")
    return list(files)
