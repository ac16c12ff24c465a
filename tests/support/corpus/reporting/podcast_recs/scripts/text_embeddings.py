'''description of every show -> a vector'''
import json
import numpy as np
from os.path import join


def batched(rows, size):
  for i in range(0, len(rows), size):
    yield rows[i:i + size]


def clean(text):
  '''feeds are full of links and of the names of advertisers'''
  words = [w for w in text.split() if not w.startswith(('http://', 'https://', 'www.'))]
  return ' '.join(words)[:2000]


def unit(vectors):
  norms = np.linalg.norm(vectors, axis=1, keepdims=True)
  return vectors / np.maximum(norms, 1e-9)


def main(input_paths, output_paths, environ_vars, job_args):
  from sentence_transformers import SentenceTransformer
  shows = []
  with open(join(input_paths['catalogue'], 'shows.jsonl')) as f:
    for line in f:
      shows.append(json.loads(line))
  model = SentenceTransformer(environ_vars.get('EMBEDDER', 'all-MiniLM-L6-v2'))
  vecs = [model.encode([clean(s['description']) for s in part]) for part in batched(shows, 256)]
  out_dir = output_paths['out_dir']
  np.save(join(out_dir, 'text_vectors.npy'), unit(np.concatenate(vecs)))
  with open(join(out_dir, 'text_ids.json'), 'w') as f:
    json.dump([s['id'] for s in shows], f)


if __name__ == '__main__':
  main({'catalogue': '/data/shows'}, {'out_dir': '/data/text'}, {}, None)
