'''nearest-neighbour index over the shows that may still be listened to'''
import json
import os
import faiss
import numpy as np


class Index:
  def __init__(self, tower_dir):
    self.vectors = np.load(os.path.join(tower_dir, 'show_tower.npy')).astype('float32')
    with open(os.path.join(tower_dir, 'show_vocab.json')) as f:
      self.vocab = json.load(f)

  def keep(self, allowed):
    names = [n for n in self.vocab if n in allowed]
    return names, self.vectors[[self.vocab[n] for n in names]]


def main(input_paths, output_paths, environ_vars, job_args):
  index = Index(input_paths['tower'])
  allowed = set()
  with open(os.path.join(input_paths['shows'], 'shows.jsonl')) as f:
    for line in f:
      show = json.loads(line)
      if not show.get('withdrawn'):
        allowed.add(show['id'])
  names, vectors = index.keep(allowed)
  flat = faiss.IndexFlatIP(vectors.shape[1])
  flat.add(vectors)
  out_dir = output_paths['out_dir']
  faiss.write_index(flat, os.path.join(out_dir, 'shows.faiss'))
  with open(os.path.join(out_dir, 'index_names.json'), 'w') as f:
    json.dump(names, f)


if __name__ == '__main__':
  main(
    {'tower': '/data/tower', 'shows': '/data/shows'},
    {'out_dir': '/data/index'},
    {},
    None,
  )
