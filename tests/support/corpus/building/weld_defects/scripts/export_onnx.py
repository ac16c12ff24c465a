"""The detector as ONNX for the cameras' own computers."""

from pathlib import Path

import timm
import torch


def parity(net, path, example, tolerance):
    """The exported network must say what the original says."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path))
    with torch.no_grad():
        ours = net(example).numpy()
    theirs = session.run(None, {session.get_inputs()[0].name: example.numpy()})[0]
    worst = float(abs(ours - theirs).max())
    if worst > tolerance:
        raise RuntimeError(f"ONNX differs from PyTorch by {worst:.2e}")
    return worst


def main(input_paths, output_paths, environ_vars, job_args):
    net = timm.create_model(environ_vars.get("BACKBONE", "resnet18"), num_classes=4)
    checkpoint = Path(input_paths["checkpoint"]).joinpath("detector.pt")
    net.load_state_dict(torch.load(checkpoint, map_location="cpu"))
    side = getattr(job_args, "crop_px", 256)
    example = torch.zeros(1, 3, side, side)
    target = Path(output_paths["onnx_model"])
    target.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(net.eval(), example, str(target / "detector.onnx"), opset_version=17)
    tolerance = float(environ_vars.get("TOLERANCE", "1e-4"))
    worst = parity(net, target / "detector.onnx", example, tolerance)
    (target / "parity.txt").write_text(f"{worst:.3e}\n")

    quantization = input_paths.get("quantization_samples")
    if quantization:
        import numpy as np

        ranges = np.load(Path(quantization) / "activation_ranges.npy")
        np.save(target / "scales.npy", ranges / 127)


if __name__ == "__main__":
    main(
        {"checkpoint": "/opt/ml/processing/input/model"},
        {"onnx_model": "/opt/ml/processing/output/onnx"},
        {},
        None,
    )
