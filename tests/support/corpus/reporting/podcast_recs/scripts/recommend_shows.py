'''top shows of every user'''
import json
import os
import faiss
import numpy as np
import pandas as pd


def load_json(*parts):
  with open(os.path.join(*parts)) as f:
    return json.load(f)


def check(vectors, users):
  if len(vectors) != len(users):
    raise ValueError(f'{len(vectors)} vectors, but {len(users)} users')


def main(input_paths, output_paths, environ_vars, job_args):
  index_dir = input_paths['index_dir']
  users_dir = input_paths['user_model']
  k = int(environ_vars['PER_USER'])
  index = faiss.read_index(os.path.join(index_dir, 'shows.faiss'))
  names = load_json(index_dir, 'index_names.json')
  users = load_json(users_dir, 'user_vocab.json')
  vectors = np.load(os.path.join(users_dir, 'user_tower.npy'))

  blocked = {}
  block_list = input_paths.get('block_list')
  if block_list:
    blocked = load_json(block_list, 'blocked.json')
  check(vectors, users)
  scores, found = index.search(vectors.astype('float32'), k)
  rows = []
  for user, i in users.items():
    for rank, j in enumerate(found[i]):
      if names[j] not in blocked.get(user, ()):
        rows.append((user, names[j], rank, float(scores[i][rank])))
  out = pd.DataFrame(rows, columns=['user', 'show', 'rank', 'score'])
  out.to_parquet(os.path.join(output_paths['recs'], 'recommendations.parquet'))
