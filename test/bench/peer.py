"""The peer: PyTorch, transformers, sentence-transformers and pytorch-metric-learning, as their documentation has it.

    python peer.py workload.json

Needs: pip install torch transformers sentence-transformers pytorch-metric-learning
"""
import json
import os
import resource
import sys
import time
import warnings

workload = json.load(open(sys.argv[1]))
os.environ["OMP_NUM_THREADS"] = str(workload["threads"])
os.environ["TOKENIZERS_PARALLELISM"] = "false"
warnings.filterwarnings("ignore")

import numpy as np  # noqa: E402
import torch  # noqa: E402
from transformers import AutoModel, AutoTokenizer, logging  # noqa: E402

logging.set_verbosity_error()
torch.set_num_threads(workload["threads"])
torch.manual_seed(1)
half = workload["precision"] == "bfloat16"


def load():
    tokenizer = AutoTokenizer.from_pretrained(workload["encoder"])
    model = AutoModel.from_pretrained(
        workload["encoder"], add_pooling_layer=False, attn_implementation="sdpa", dtype=torch.float32
    )
    return tokenizer, model


def tokens(tokenizer, texts):
    return tokenizer(texts, padding=True, truncation=True, max_length=workload["maxLength"], return_tensors="pt")


def pooled(model, inputs):
    hidden = model(**inputs).last_hidden_state
    if workload["pooling"] == "cls":
        return hidden[:, 0]
    mask = inputs["attention_mask"].unsqueeze(-1).to(hidden.dtype)
    return (hidden * mask).sum(1) / mask.sum(1)


def steps():
    from pytorch_metric_learning.losses import SupConLoss

    tokenizer, model = load()
    head = torch.nn.Linear(model.config.hidden_size, 64)
    frozen = torch.zeros(len(workload["texts"]), model.config.hidden_size)
    labels = torch.tensor(workload["labels"])
    parameters = [*model.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=1e-5, weight_decay=0.01, fused=True)
    supcon = SupConLoss(temperature=0.1)
    model.train()
    times = []
    while len(times) < workload["warmUp"] + workload["runs"] or sum(times[workload["warmUp"]:]) < workload["seconds"]:
        start = time.perf_counter()
        batch = workload["batches"][len(times) % len(workload["batches"])]
        inputs = tokens(tokenizer, [workload["texts"][i] for i in batch])
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            embeddings = pooled(model, inputs)
            projections = head(embeddings)
        embeddings, projections = embeddings.float(), projections.float()
        loss = supcon(projections, labels[batch]) + 10 * torch.nn.functional.mse_loss(embeddings, frozen[batch])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        loss.item()
        times.append(time.perf_counter() - start)
    return times[workload["warmUp"]:]


def encode_sorted(tokenizer, model, size):
    """Longest texts first, padded to the longest of each batch."""
    order = np.argsort([-len(text) for text in workload["texts"]], kind="stable")
    out = np.empty((len(order), model.config.hidden_size), np.float32)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=half):
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            out[rows] = pooled(model, tokens(tokenizer, [workload["texts"][i] for i in rows])).float().numpy()


def encodings():
    if half:
        tokenizer, model = load()
        model.eval()
        runs = {size: (lambda size=size: encode_sorted(tokenizer, model, size)) for size in (32, 64, 128)}
    else:
        from sentence_transformers import SentenceTransformer, models

        word = models.Transformer(workload["encoder"], max_seq_length=workload["maxLength"])
        pooling = models.Pooling(word.get_word_embedding_dimension(), pooling_mode=workload["pooling"])
        encoder = SentenceTransformer(modules=[word, pooling], device="cpu")
        runs = {
            size: (lambda size=size: encoder.encode(workload["texts"], batch_size=size)) for size in (32, 64, 128)
        }
    times = {size: [] for size in runs}
    for round in range(workload["warmUp"] + workload["runs"]):
        for size, run in runs.items():
            start = time.perf_counter()
            run()
            if round >= workload["warmUp"]:
                times[size].append(time.perf_counter() - start)
    # Its best batch size.
    return min(times.values(), key=np.median)


def drawn(rows, centres, random):
    labels = random.integers(len(centres), size=rows)
    return (0.3 * centres[labels] + random.normal(size=(rows, centres.shape[1]))).astype(np.float32), labels


def evaluation(task):
    """kNN and k-means of scikit-learn, the retrieval scores of pytorch-metric-learning, on drawn embeddings."""
    random = np.random.default_rng(1)
    centres = random.normal(size=(28, 384))
    test, labels = drawn(5_000, centres, random)
    if task == "knn":
        from sklearn.neighbors import KNeighborsClassifier

        train, train_labels = drawn(36_000, centres, random)

        def run():
            KNeighborsClassifier(10, metric="cosine", algorithm="brute").fit(train, train_labels).predict(test)

    elif task == "retrieval":
        from pytorch_metric_learning.distances import CosineSimilarity
        from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
        from pytorch_metric_learning.utils.inference import CustomKNN

        scores = ("precision_at_1", "mean_reciprocal_rank", "r_precision", "mean_average_precision_at_r")
        calculator = AccuracyCalculator(scores, k="max_bin_count", knn_func=CustomKNN(CosineSimilarity()))
        embeddings, classes = torch.tensor(test), torch.tensor(labels)

        def run():
            calculator.get_accuracy(embeddings, classes)

    else:
        from sklearn.cluster import KMeans
        from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score, fowlkes_mallows_score

        unit = test / np.linalg.norm(test, axis=1, keepdims=True)

        def run():
            found = KMeans(28, n_init=10, random_state=1).fit_predict(unit)
            for score in (adjusted_mutual_info_score, adjusted_rand_score, fowlkes_mallows_score):
                score(labels, found)

    times = []
    for _ in range(workload["warmUp"] + workload["runs"]):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return times[workload["warmUp"] :]


task = workload["task"]
seconds = steps() if task == "step" else encodings() if task == "encode" else evaluation(task)
megabytes = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
print(json.dumps({"seconds": seconds, "megabytes": megabytes}))
