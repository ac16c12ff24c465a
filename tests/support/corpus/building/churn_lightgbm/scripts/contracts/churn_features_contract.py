from .base import ScriptContract

CHURN_FEATURES_CONTRACT = ScriptContract(
    entry_point="churn_features.py",
    expected_input_paths={
        "RAW": "/opt/ml/processing/input/raw",
        "stats": "/opt/ml/processing/input/stats",
    },
    expected_output_paths={
        "features": "/opt/ml/processing/output/features",
        "stats": "/opt/ml/processing/output/stats",
    },
    required_env_vars=["SNAPSHOT", "HORIZON_DAYS"],
    optional_env_vars={},
    expected_arguments={"job_type": "training or inference"},
    description="Features of each customer at SNAPSHOT.",
)
