"""Expected value of an impression: P(click) and P(conversion), blended by a weight."""

from pathlib import Path

import lightgbm as lgb
import polars as pl


class Blender:
    def __init__(self, inputs):
        self.click = self.booster(inputs["click_model"], "ranker_click.txt")
        self.conversion = self.booster(inputs["conversion_model"], "ranker_conversion.txt")
        self.features_dir = Path(inputs["features_dir"])

    @staticmethod
    def booster(folder, name):
        return lgb.Booster(model_file=str(Path(folder) / name))

    def blend(self, weight):
        frame = pl.read_parquet(self.features_dir / "click_features.parquet")
        table = frame.select(self.click.feature_name()).to_pandas()
        p_click = self.click.predict(table)
        p_conversion = self.conversion.predict(table)
        value = weight * p_click + (1 - weight) * p_conversion
        return frame.select("request", "advertiser", "bid").with_columns(
            pl.Series("p_click", p_click), pl.Series("value", value)
        )


def checked(weight):
    if not 0.0 <= weight <= 1.0:
        raise ValueError(f"CLICK_WEIGHT must lie between 0 and 1, not {weight}")
    return weight


def main(input_paths, output_paths, environ_vars, job_args):
    blender = Blender(input_paths)
    blended = blender.blend(checked(float(environ_vars.get("CLICK_WEIGHT", 0.3))))
    target = Path(output_paths["blended"])
    target.mkdir(parents=True, exist_ok=True)
    blended.write_parquet(target / "blended_scores.parquet")
    if getattr(job_args, "with_csv", False):
        blended.head(1000).write_csv(target / "sample.csv")
    return {"rows": len(blended)}
