"""Contract of the tabular preprocessing script."""
from ..contracts_base import ScriptContract

TABULAR_PREPROCESS_CONTRACT = ScriptContract(
    entry_point="tabular_preprocess.py",
    expected_input_paths={
        "DATA": "/opt/ml/processing/input/data",
        "METADATA": "/opt/ml/processing/input/metadata",
    },
    expected_output_paths={"processed_data": "/opt/ml/processing/output"},
    required_env_vars=["LABEL_FIELD"],
    optional_env_vars={"TRAIN_RATIO": "0.7", "TEST_VAL_RATIO": "0.5"},
    expected_arguments={},
    description="""
    Combines the shards of a raw table, cleans column names and splits the rows.
    Input: DATA, a folder of part-*.csv, part-*.csv.gz or part-*.parquet.
    Output: processed_data, one folder a split.
    """,
)
