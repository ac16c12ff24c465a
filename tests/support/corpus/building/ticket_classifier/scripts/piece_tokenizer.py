"""The tokenizer that build_vocab learned; used by several scripts."""

import json


class PieceTokenizer:
    def __init__(self, vocab_file, merges_file):
        self.ids = json.loads(open(vocab_file).read())
        with open(merges_file) as lines:
            self.ranks = {tuple(line.split()): i for i, line in enumerate(lines)}

    def encode(self, text):
        out = [self.ids["<cls>"]]
        for word in text.lower().split():
            out.extend(self.ids.get(piece, self.ids["<unk>"]) for piece in self.pieces(word))
        return [*out, self.ids["<sep>"]]

    def pieces(self, word):
        pieces = list(word)
        while len(pieces) > 1:
            pairs = list(zip(pieces, pieces[1:], strict=False))
            best = min(pairs, key=lambda pair: self.ranks.get(pair, 1 << 30))
            if best not in self.ranks:
                break
            at = pairs.index(best)
            pieces[at : at + 2] = ["".join(best)]
        return pieces
