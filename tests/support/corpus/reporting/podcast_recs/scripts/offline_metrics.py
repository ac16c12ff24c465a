'''hit rate on the sessions that were left out'''
from pathlib import Path
import json
import pandas as pd


def hit_rate(recs, truth, at):
  best = recs[recs['rank'] < at]
  hits = truth.merge(best, on=['user', 'show'])
  return hits['user'].nunique() / max(truth['user'].nunique(), 1)


def coverage(recs, catalogue_size):
  '''share of the shows that are recommended to anybody'''
  return recs['show'].nunique() / catalogue_size


def novelty(recs, truth):
  popular = truth.groupby('show')['user'].nunique()
  share = recs['show'].map(popular).fillna(0) / truth['user'].nunique()
  return float(1 - share.mean())


def rounded(numbers):
  return {name: round(value, 4) for name, value in numbers.items()}


def main(input_paths, output_paths, environ_vars, job_args):
  recs = pd.read_parquet(Path(input_paths['recs']) / 'recommendations.parquet')
  truth = pd.read_parquet(Path(input_paths['ground_truth']) / 'held_out_sessions.parquet')
  rates = {f'hit@{n}': hit_rate(recs, truth, n) for n in (1, 5, 10, 20)}
  rates['novelty'] = novelty(recs, truth)
  size = environ_vars.get('CATALOGUE_SIZE')
  if size:
    rates['coverage'] = coverage(recs, int(size))
  out = Path(output_paths['metrics'])
  out.mkdir(parents=True, exist_ok=True)
  (out / 'hit_rates.json').write_text(json.dumps(rounded(rates)))
  floor = environ_vars.get('MIN_HIT_RATE')
  if floor is not None and rates['hit@10'] < float(floor):
    raise SystemExit(f'hit rate too low: {rates}')
