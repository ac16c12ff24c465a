"""Band energies of the vibration signal, ten minutes at a time."""
from __future__ import annotations

import pathlib

import h5py
import numpy as np

BANDS_HZ = [(0, 50), (50, 200), (200, 800), (800, 3200)]


def band_energies(signal: np.ndarray, rate: float) -> list[float]:
    spectrum = np.abs(np.fft.rfft(signal)) ** 2
    frequency = np.fft.rfftfreq(len(signal), 1 / rate)
    return [float(spectrum[(frequency >= lo) & (frequency < hi)].sum()) for lo, hi in BANDS_HZ]


def cleaned(signal: np.ndarray) -> np.ndarray:
    """Without offset, and without the spikes of a loose plug."""
    centred = signal - np.median(signal)
    limit = 8 * np.median(np.abs(centred))
    return np.clip(centred, -limit, limit)


def window_starts(length: int, rate: float, seconds: int = 600) -> range:
    step = int(rate * seconds)
    return range(0, max(length - step + 1, 0), step)


def main(input_paths, output_paths, environ_vars, job_args):
    source = pathlib.Path(input_paths["vibration_path"])
    rate = float(environ_vars.get("SAMPLE_RATE_HZ", "6400"))
    rows = []
    with h5py.File(source / "vibration.h5") as file:
        for pump, signal in file.items():
            for start in window_starts(len(signal), rate):
                window = cleaned(signal[start : start + int(rate * 600)])
                rows.append((pump, start / rate, *band_energies(window, rate)))
    if not rows:
        raise SystemExit("vibration.h5 holds no whole window")
    target = pathlib.Path(output_paths["feats"])
    target.mkdir(parents=True, exist_ok=True)
    np.savez(target / "spectrum.npz", rows=np.array(rows, dtype=object))
