"""Makes ids.json, the token ids that `transformers` gives to sentences.json, and multilingualIds.json.

    python make.py <folder of all-MiniLM-L6-v2> <folder of GoEmotions>

Written with transformers 5.23. Run after test/encoders/golden/make.py, which trains the three small tokenisers.
GoEmotions' text stays outside the repository: of each tokeniser only one SHA-256 is kept, over the ids of all texts of
the test split, joined by commas within a text and by line feeds between texts.

multilingualIds.json has what the tokeniser of xlmRoberta gives to the texts of hard.json and multilingual.json (which are in
order, whatever they are filed under), under "transformers" as it is, and under "converted" by `tokenizers` with other steps
around the same vocabulary, those of converters before transformers 5; "normalizers" are to follow the precompiled one. Under
"normalised" are the texts of hard.json after the precompiled step alone, and one SHA-256 over all characters of the first three
planes after it, between which line feeds kept them apart.
"""

import csv
import hashlib
import json
import sys
from pathlib import Path

from tokenizers import Tokenizer
from transformers import AutoTokenizer

here = Path(__file__).parent
encoders = here / "../../encoders/golden"
sentences = json.loads((here / "sentences.json").read_text())
long_text = " ".join(sentences[0] for _ in range(60))
with open(Path(sys.argv[2]) / "test.tsv", newline="") as file:
    posts = [row[0] for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]

result = {}
folders = {
    "bert": encoders / "bert",
    "roberta": encoders / "roberta",
    "xlmRoberta": encoders / "xlmRoberta",
    "all-MiniLM-L6-v2": sys.argv[1],
}
for name, folder in folders.items():
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

multilingual, hard = ([text for texts in json.loads((here / file).read_text()).values() for text in texts] for file in ["multilingual.json", "hard.json"])
tokenizer = AutoTokenizer.from_pretrained(encoders / "xlmRoberta")
long_text = " ".join(multilingual)
converted = json.loads((encoders / "xlmRoberta/tokenizer.json").read_text())
steps = [{"type": "Strip", "strip_left": False, "strip_right": True}, {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "\u2581"}]
pre_tokenizer = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True}
converted |= {"normalizer": {"type": "Sequence", "normalizers": [converted["normalizer"], *steps]}, "pre_tokenizer": pre_tokenizer}
converted = Tokenizer.from_str(json.dumps(converted))


def all_ids(encode):
    return {"hard": [encode(text) for text in hard], "multilingual": [encode(text) for text in multilingual]}


normalise = Tokenizer.from_file(str(encoders / "xlmRoberta/tokenizer.json")).normalizer.normalize_str
characters = [chr(point) for point in range(0x30000) if not 0xD800 <= point < 0xE000]
every = normalise("\n".join(characters))

result = {
    "transformers": {
        **all_ids(lambda text: tokenizer(text)["input_ids"]),
        "hardPairs": [tokenizer(first, second)["input_ids"] for first, second in zip(hard[1:], hard)],
        "multilingualJoinedCutTo600": tokenizer(long_text, truncation=True, max_length=600)["input_ids"],
    },
    "converted": {"normalizers": steps, "preTokenizer": pre_tokenizer, **all_ids(lambda text: converted.encode(text).ids)},
    "normalised": {"hard": [normalise(text) for text in hard], "everyCharacterSha256": hashlib.sha256(every.encode()).hexdigest()},
}
(here / "multilingualIds.json").write_text(json.dumps(result) + "\n")
