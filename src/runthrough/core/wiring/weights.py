"""Every figure and word list of the wiring rules, in one place.

Weights are thousandths, so that sums are exact and the same on every machine. A test fails when
any labelled pipeline gets a wrong connection from them (`tests/integration/discovery`).
"""

UNIT = 1000
"""What a weight of 1.0 is, as the reasons and events tell it."""

EQUAL_NAMES = 3000
ALIAS = 2500
SAME_WORDS = 2000
LIKE_WORDS = 1200
"""Times the similarity of the strong words, 0 to 1."""
LIKENESS_FROM = 300
"""Similarity below it says nothing: one word shared of seven."""
COMMON_WORDS_ONLY = 500

FILES_MATCH = 1000
"""For any specific file name shared, and as much again times the share of the names read."""
PATTERNS_MATCH = 500
FILES_CONTRADICT = -500
LAYOUT = 1000
"""Times the share of the input's sub-folders that the output has too."""
LAYOUT_FROM = 2
"""Sub-folders below which a layout says nothing: one name is easily the same by chance."""

PRODUCER_SAID = 1200
"""Times the share of the input's strong words that only this producer's name says."""
SINGLE_WORD = 2
"""Divisor where the input has one strong word: it is easily the same by chance."""
DESCRIPTION = 1000
CONTAINER_PATH = 700
"""Times the similarity of the strong words at the end of the container paths."""

EDGE_CARRIES = 1000
"""For each edge with at least one connection."""
REQUIRED_FILLED = 500

ACCEPT_OWN = 1500
ACCEPT_MARGIN = 1000
"""Half of it gave a wrong connection in the first trials."""
OPTIONAL_OWN = 1000
"""Own evidence from which an optional input takes part."""
OUTSIDE_BELOW = 500
"""Own evidence below which a path from outside is a choice of equal rank."""

PREFIX_LIKENESS = 900
PREFIX_LETTERS = 3
SKELETON_LIKENESS = 800
"""An abbreviation without its vowels: `mdl` for `model`."""
STEM_LIKENESS = 600
STEM_LETTERS = 5
SAID = 800
"""Likeness from which one word says another."""

SPECIFIC_LETTERS = 3
"""Letters from which a file name says something: `a.csv` or `*.csv` do not."""

_ROLE_TEXT = """
    input output in out path dir directory folder file filename uri url s3 location channel src dst
    dest
"""
_WEAK_TEXT = "data dataset df processed raw result source artifact artefact"
_PIECE_TEXT = "part shard chunk batch"
_FORM_TEXT = "table extract export dump feed snapshot record"
_COMMON_FILE_TEXT = """
    config configuration setting param parameter hyperparameter metric report summary metadata
    model schema manifest log version
"""
_TRAIN_TEXT = "train training"
_TEST_TEXT = "test testing holdout heldout"
_VALIDATE_TEXT = "val valid validation validate dev"
_EVALUATE_TEXT = "eval evaluate evaluation held"
_VERSION_TEXT = """
    baseline reference golden champion previous prev prior last old expected candidate challenger
    current new
"""
_CONTAINER_TEXT = "opt ml processing"

ROLE_WORDS = frozenset(_ROLE_TEXT.split())
"""They say which end it is, or that it is a place, and weigh nothing."""
WEAK_WORDS = frozenset(_WEAK_TEXT.split())
"""They fit nearly everything, and count as weak agreement only."""
FORM_WORDS = WEAK_WORDS.union(_FORM_TEXT.split())
"""They say in which form something comes, so that they make no names disagree."""
PLACELESS_WORDS = ROLE_WORDS.union(WEAK_WORDS, _PIECE_TEXT.split())
"""Beside a `*` they leave a file name unspecific: `part-*.csv`."""
COMMON_FILE_WORDS = PLACELESS_WORDS.union(_COMMON_FILE_TEXT.split())
"""A file called only so is written by many scripts, and vouches for no names that disagree."""
CONTAINER_WORDS = ROLE_WORDS.union(WEAK_WORDS, _CONTAINER_TEXT.split())
"""Parts of container paths that every container has."""
SPLITS = tuple(frozenset(text.split()) for text in (_TRAIN_TEXT, _TEST_TEXT, _VALIDATE_TEXT))
"""Parts of one table that look alike, so that neither files nor other words tell them apart."""
TRAIN_WORDS = SPLITS[0]
HELD_BACK_WORDS = SPLITS[1].union(SPLITS[2], _EVALUATE_TEXT.split())
"""What one side says of them speaks against the other: a model is not judged on what it saw."""
VERSION_WORDS = frozenset(_VERSION_TEXT.split())
"""They tell one of two things that look alike, and only names can tell which."""
