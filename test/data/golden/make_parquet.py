"""Writes the Parquet files of test/data/parquet.test.ts, as Hugging Face's datasets and pyarrow write them.

pip install pyarrow datasets; python make_parquet.py
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import ClassLabel, Dataset, Features, List, Value

here = Path(__file__).parent / "parquet"
here.mkdir(exist_ok=True)

features = Features({"text": Value("string"), "label": ClassLabel(names=["negative", "positive"]), "id": Value("int64")})
rows = {"text": ["fine", "awful", "naïve – déjà vu"], "label": [1, 0, 1], "id": [7, 8, 2**40]}
Dataset.from_dict(rows, features=features).to_parquet(str(here / "huggingface.parquet"))

unlabelled = {"text": ["one", "two"], "label": [-1, -1], "id": [1, 2]}
Dataset.from_dict(unlabelled, features=features).to_parquet(str(here / "unlabelled.parquet"))

plain = pa.table({"review": ["good", None, "bad"], "stars": pa.array([5, 3, 1], pa.int32()), "sure": [True, False, True]})
pq.write_table(plain, here / "plain.parquet")
pq.write_table(plain, here / "zstd.parquet", compression="zstd")

several = Features({"text": Value("string"), "labels": List(ClassLabel(names=["joy", "fear", "neutral"]))})
rows = {"text": ["one", "two", "three"], "labels": [[0], [2, 1], [0, 1]]}
Dataset.from_dict(rows, features=several).to_parquet(str(here / "several.parquet"))

strengths = {
    "text": ["one", "two", "three"],
    "emotions": [{"joy": 0.5, "fear": 0.25}, {"neutral": 1.0}, {"joy": 0.5, "fear": 0.5}],
    "character": ["Ann", "Bo", "Ann"],
}
pq.write_table(pa.table(strengths), here / "strengths.parquet")

nested = {"text": ["one", "two"], "source": [{"page": 3, "lines": [1, 2]}, {"page": 2**40, "lines": []}]}
pq.write_table(pa.table(nested), here / "nested.parquet")
