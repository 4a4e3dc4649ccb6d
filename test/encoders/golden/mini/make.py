"""Makes reference.json: what Python makes of the embedded encoder.

    python make.py

Written with transformers 5.23 and sentence-transformers 6.2. The sentences are those of test/text/golden.
"""

import json
from pathlib import Path

from sentence_transformers import SentenceTransformer
from transformers import AutoTokenizer

here = Path(__file__).parent
root = here / "../../../.."
encoder = str(root / "src/encoders/mini")
sentences = json.loads((root / "test/text/golden/sentences.json").read_text())

tokenizer = AutoTokenizer.from_pretrained(encoder)
embeddings = SentenceTransformer(encoder).encode(sentences[:4])
reference = {
    "ids": [tokenizer(text)["input_ids"] for text in sentences],
    "embeddings": [[round(float(value), 6) for value in row] for row in embeddings],
}
(here / "reference.json").write_text(json.dumps(reference) + "\n")
