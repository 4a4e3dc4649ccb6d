"""Makes ids.json, the token ids that `transformers` gives to sentences.json.

    python make.py <folder of all-MiniLM-L6-v2> <folder of GoEmotions>

Written with transformers 5.23. Run after test/encoders/golden/make.py, which trains the two small tokenisers.
GoEmotions' text stays outside the repository: of each tokeniser only one SHA-256 is kept, over the ids of all texts of
the test split, joined by commas within a text and by line feeds between texts.
"""

import csv
import hashlib
import json
import sys
from pathlib import Path

from transformers import AutoTokenizer

here = Path(__file__).parent
encoders = here / "../../encoders/golden"
sentences = json.loads((here / "sentences.json").read_text())
long_text = " ".join(sentences[0] for _ in range(60))
with open(Path(sys.argv[2]) / "test.tsv", newline="") as file:
    posts = [row[0] for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]

result = {}
for name, folder in {"bert": encoders / "bert", "roberta": encoders / "roberta", "all-MiniLM-L6-v2": sys.argv[1]}.items():
    tokenizer = AutoTokenizer.from_pretrained(folder)

    def ids(text, **options):
        return tokenizer(text, **options)["input_ids"]

    def pair(first, second, **options):
        encoded = tokenizer(first, second, return_token_type_ids=True, **options)
        return {"ids": encoded["input_ids"], "types": encoded["token_type_ids"]}

    def cut_pair(first, second, length):
        # Cuts the first text only, at its beginning; where nothing of it would be left there is no such rule.
        excess = len(tokenizer(first, second)["input_ids"]) - length
        if excess >= len(tokenizer(first, add_special_tokens=False)["input_ids"]):
            return None
        tokenizer.truncation_side = "left"
        try:
            return pair(first, second, truncation="only_first", max_length=length)
        finally:
            tokenizer.truncation_side = "right"

    pairs = list(zip(sentences, sentences[1:]))
    lines = "\n".join(",".join(map(str, ids(post))) for post in posts)
    result[name] = {
        "pad": tokenizer.pad_token_id,
        "size": len(tokenizer),
        "ids": [ids(text) for text in sentences],
        "cutTo8": [ids(text, truncation=True, max_length=8) for text in sentences],
        "sentence0Repeated60TimesCutTo256": ids(long_text, truncation=True, max_length=256),
        "pairs": [pair(*texts) for texts in pairs],
        "pairsCutTo40": [cut_pair(*texts, 40) for texts in pairs],
        "goEmotionsTestSha256": hashlib.sha256(lines.encode()).hexdigest(),
    }
(here / "ids.json").write_text(json.dumps(result) + "\n")
