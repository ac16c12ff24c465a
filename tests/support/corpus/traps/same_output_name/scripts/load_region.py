"""Sales of one region from the warehouse into one parquet file."""

import sqlalchemy
import pandas as pd

QUERY = "select * from sales where region = :region and price > 0"


def main(input_paths, output_paths, environ_vars, job_args):
    engine = sqlalchemy.create_engine(environ_vars["WAREHOUSE_DSN"])
    with engine.connect() as connection:
        frame = pd.read_sql(sqlalchemy.text(QUERY), connection, params={"region": job_args.region})
    frame["price"] = frame["price"].clip(upper=frame["price"].quantile(0.99))
    frame.to_parquet(output_paths["data"])
