"""Prints what `peft` makes of texts with an adapter.

    python checkSaved.py <folder of the adapter> <folder of the classifier> <JSON file with a list of texts, or of pairs>

Prints what ../classifiers/checkSaved.py prints: {"logits": [[...]], "labels": {id: name}}, and "merged", the logits of the
classifier into which the adapter was merged.
"""

import json
import sys
from pathlib import Path

import torch
from peft import PeftModel
from transformers import AutoModelForSequenceClassification, AutoTokenizer

adapter, base, texts = sys.argv[1], sys.argv[2], json.loads(Path(sys.argv[3]).read_text())
tokenizer = AutoTokenizer.from_pretrained(base)
model = AutoModelForSequenceClassification.from_pretrained(base, dtype=torch.float32)
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
adapted = PeftModel.from_pretrained(model, adapter).eval()
with torch.no_grad():
    logits = adapted(**batch).logits
    merged = adapted.merge_and_unload()(**batch).logits
print(json.dumps({"logits": logits.tolist(), "merged": merged.tolist(), "labels": config.id2label}))
