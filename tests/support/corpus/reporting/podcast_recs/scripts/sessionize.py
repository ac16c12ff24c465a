'''listens -> sessions; leaves one session a user out for testing'''
import os
import pandas as pd

GAP = pd.Timedelta('30min')


def add_session(df):
  df = df.sort_values(['user', 'at'])
  new = df.groupby('user')['at'].diff() > GAP
  df['session'] = new.groupby(df['user']).cumsum()
  return df


def drop_bots(df, most_hours):
  '''nobody listens for days on end'''
  hours = df.groupby('user')['seconds'].sum() / 3600
  days = df.groupby('user')['at'].agg(lambda t: (t.max() - t.min()).days + 1)
  bots = hours[hours / days > most_hours].index
  return df[~df['user'].isin(bots)]


def summary(df):
  return f"{df['user'].nunique()} users, {len(df)} listens"


def main(input_paths, output_paths, environ_vars, job_args):
  in_dir = input_paths['in_dir']
  df = pd.read_csv(f'{in_dir}/listens.csv', parse_dates=['at'])
  if len(df) == 0:
    raise SystemExit('no listens')
  min_seconds = float(environ_vars.get('MIN_SECONDS', 60))
  df = drop_bots(df, float(environ_vars.get('MAX_HOURS_A_DAY', 20)))
  df = add_session(df[df['seconds'] >= min_seconds])
  print(summary(df))
  last = df['session'] == df.groupby('user')['session'].transform('max')
  out_dir = output_paths['out_dir']
  os.makedirs(out_dir, exist_ok=True)
  df[~last].to_parquet(f'{out_dir}/sessions.parquet')
  df[last].to_parquet(f'{out_dir}/held_out_sessions.parquet')
