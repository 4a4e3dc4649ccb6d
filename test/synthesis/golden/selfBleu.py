"""Self-BLEU-4 by NLTK: python selfBleu.py > selfBleu.json"""

import json
import random
import warnings

import nltk
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

warnings.simplefilter("ignore")
random.seed(7)
words = "the a ferry apple choir sang late dawn and it is not my your boat tree".split()
corpora = [
    [random.choices(words[:size], k=random.randint(1, longest)) for _ in range(texts)]
    for texts, longest, size in [(2, 8, 4), (5, 12, 6), (12, 6, 16), (20, 15, 10)]
]
corpora.append([["alone"], ["quite", "another", "text", "altogether", "here"]])
smooth = SmoothingFunction().method1
cases = []
for texts in corpora:
    scores = [
        sentence_bleu(texts[:i] + texts[i + 1 :], text, smoothing_function=smooth) for i, text in enumerate(texts)
    ]
    cases.append({"texts": texts, "selfBleu": sum(scores) / len(scores)})
print(json.dumps({"nltk": nltk.__version__, "cases": cases}, indent=1))
