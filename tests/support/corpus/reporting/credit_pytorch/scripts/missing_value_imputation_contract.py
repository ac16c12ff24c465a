from ...core.base.contract_base import ScriptContract

MISSING_VALUE_IMPUTATION_CONTRACT = ScriptContract(
    entry_point="missing_value_imputation.py",
    expected_input_paths={
        "data_input": "/opt/ml/processing/input/data",
        "imputation_params": "/opt/ml/processing/input/model_artifacts",
    },
    expected_output_paths={
        "data_output": "/opt/ml/processing/output",
        "imputation_params": "/opt/ml/processing/output/params",
    },
    expected_arguments={},
    required_env_vars=["LABEL_FIELD"],
    optional_env_vars={
        "DEFAULT_NUMERICAL_STRATEGY": "mean",
        "DEFAULT_CATEGORICAL_STRATEGY": "mode",
    },
    description="""
    Imputes missing values of tabular data.

    Training mode learns the parameters, other modes load them.
    """,
)
