"""Prints what `transformers` makes of texts with the classifier in a folder.

    python checkSaved.py <folder> <JSON file with a list of texts, or of pairs [context, text]>

Prints {"logits": [[...]], "labels": {id: name}, "class": of the model, "dtype": of its weights, "missing": [names of weights
that the folder lacks], "unexpected": [names that the model lacks]}. Texts are cut at the model's number of positions; of pairs
the context, at its beginning.
"""

import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

folder, texts = sys.argv[1], json.loads(Path(sys.argv[2]).read_text())
tokenizer = AutoTokenizer.from_pretrained(folder)
model, loading = AutoModelForSequenceClassification.from_pretrained(folder, output_loading_info=True)
dtype = str(model.dtype).removeprefix("torch.")
config = model.config
positions = config.max_position_embeddings - (config.pad_token_id + 1 if "roberta" in config.model_type else 0)
paired = texts and isinstance(texts[0], list)
if paired:
    tokenizer.truncation_side = "left"
batch = tokenizer(
    *(map(list, zip(*texts)) if paired else [texts]),
    padding=True,
    truncation="only_first",
    max_length=positions,
    return_tensors="pt",
    # Tokenisers of no class of their own leave them out.
    return_token_type_ids=getattr(config, "type_vocab_size", 0) > 1,
)
with torch.no_grad():
    logits = model.float().eval()(**batch).logits
names = {key: sorted(loading[f"{key}_keys"]) for key in ("missing", "unexpected")}
print(json.dumps({"logits": logits.tolist(), "labels": config.id2label, "class": type(model).__name__, "dtype": dtype, **names}))
