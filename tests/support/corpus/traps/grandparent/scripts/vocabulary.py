"""The words that occur often enough."""

import json
from collections import Counter
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    counts = Counter(Path(input_paths["corpus"]).read_text().lower().split())
    words = [word for word, count in counts.most_common() if count >= job_args.least]
    Path(output_paths["vocabulary"], "vocabulary.json").write_text(json.dumps(words))
