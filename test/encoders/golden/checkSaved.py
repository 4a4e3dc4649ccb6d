"""Checks by hand that a folder written by saveEncoder loads elsewhere.

    python checkSaved.py <folder it was loaded from> <folder it was saved to>

`transformers` must give the saved encoder the hidden states of the original, and `sentence_transformers` must embed by
the pooling that was saved. Passed for bert, roberta, xlmRoberta and distilBert of this folder and for all-MiniLM-L6-v2, with
transformers 5.23 and the sentence-transformers beside it.
"""

import json
import sys
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from transformers import AutoModel, AutoTokenizer

original, saved = map(Path, sys.argv[1:3])
texts = [text for text in json.loads((Path(__file__).parent / "../../text/golden/sentences.json").read_text()) if text.strip()][:4]


def hidden_states(folder):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder, dtype=None if folder == saved else torch.float32)
    assert model.dtype == torch.float32, model.dtype
    batch = tokenizer(texts, padding=True, truncation=True, max_length=32, return_tensors="pt")
    with torch.no_grad():
        return model.eval()(**batch).last_hidden_state, batch["attention_mask"]


expected, mask = hidden_states(original)
actual, _ = hidden_states(saved)
assert torch.equal(actual[mask.bool()], expected[mask.bool()]), (actual - expected).abs().max()

sentence_encoder = SentenceTransformer(str(saved), device="cpu")
sentence_encoder.max_seq_length = 32
cls = json.loads((saved / "1_Pooling/config.json").read_text())["pooling_mode_cls_token"]
pooled = expected[:, 0] if cls else (expected * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
difference = (torch.from_numpy(sentence_encoder.encode(texts)) - pooled).abs().max().item()
assert difference < 1e-5, difference
print("ok", saved, "cls" if cls else "mean", difference)
