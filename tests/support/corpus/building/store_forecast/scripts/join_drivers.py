"""What drives sales, in one table: sales, weather, holidays.

Inputs:
    sales_daily   from AggregateSales
    weather_daily from WeatherFeatures
    holidays      the calendar of public and school holidays
"""

import json
from pathlib import Path

import pandas as pd

LAGS = (7, 14, 28)


class DriverTable:
    def __init__(self, sales: Path, weather: Path, holidays: Path) -> None:
        self.sales = pd.read_parquet(sales / "daily_sales.parquet")
        self.closed = (sales / "closed_days.txt").read_text().splitlines()
        self.weather = pd.read_parquet(weather / "weather_daily.parquet")
        self.holidays = pd.read_csv(holidays / "holidays.csv", parse_dates=["day"])

    def build(self) -> pd.DataFrame:
        table = self.sales.merge(self.weather, on=["store_id", "day"], how="left")
        table = table.merge(self.holidays, on="day", how="left").fillna({"holiday": "none"})
        closed = set(self.closed)
        keys = table["store_id"].astype(str) + " " + table["day"].astype(str)
        table = table[~keys.isin(closed)]
        for lag in LAGS:
            table[f"sales_{lag}"] = table.groupby("store_id")["sales"].shift(lag)
        return table.dropna(subset=[f"sales_{lag}" for lag in LAGS])


def main(input_paths, output_paths, environ_vars, job_args):
    table = DriverTable(
        sales=Path(input_paths["sales_daily"]),
        weather=Path(input_paths["weather_daily"]),
        holidays=Path(input_paths["holidays"]),
    ).build()
    out = Path(output_paths["training_table"])
    table.to_parquet(out / "driver_table.parquet")
    stores = sorted(int(store) for store in table["store_id"].unique())
    with open(out / "store_index.json", "w") as f:
        json.dump({store: i for i, store in enumerate(stores)}, f)
