'''one tower of the two: `--side user` or `--side show`

the show tower starts from the text vectors
'''
import argparse
import json
import os
import numpy as np
import pandas as pd
import torch


def vocabulary(df, side):
  return {key: i for i, key in enumerate(sorted(df[side].unique()))}


def start_vectors(folder, vocab, dim):
  vectors = np.load(os.path.join(folder, 'text_vectors.npy'))
  ids = json.load(open(os.path.join(folder, 'text_ids.json')))
  start = torch.zeros(len(vocab), dim)
  for show, vector in zip(ids, vectors):
    if show in vocab:
      start[vocab[show]] = torch.tensor(vector[:dim])
  return start


def main(input_paths, output_paths, environ_vars, job_args):
  side = job_args.side
  assert side in ('user', 'show')
  df = pd.read_parquet(os.path.join(input_paths['sessions'], 'sessions.parquet'))
  vocab = vocabulary(df, side)
  tower = torch.nn.Embedding(len(vocab), job_args.dim)
  if side == 'show':
    text = input_paths['text_vectors']
    tower.weight.data.copy_(start_vectors(text, vocab, job_args.dim))
  optimizer = torch.optim.SparseAdam(tower.parameters(), lr=getattr(job_args, 'lr', .01))
  rows = torch.tensor(df[side].map(vocab).to_numpy())
  for _ in range(int(environ_vars.get('EPOCHS', '5'))):
    optimizer.zero_grad()
    loss = tower(rows).pow(2).mean()
    loss.backward()
    optimizer.step()

  tower_dir = output_paths['tower']
  os.makedirs(tower_dir, exist_ok=True)
  np.save(f'{tower_dir}/{side}_tower.npy', tower.weight.detach().numpy())
  with open(f'{tower_dir}/{side}_vocab.json', 'w') as f:
    json.dump(vocab, f)


if __name__ == '__main__':
  p = argparse.ArgumentParser()
  p.add_argument('--side', choices=['user', 'show'], required=True)
  p.add_argument('--dim', type=int, default=32)
  main(
    {'sessions': '/data/sessions', 'text_vectors': '/data/text'},
    {'tower': '/data/tower'},
    dict(os.environ),
    p.parse_args(),
  )
