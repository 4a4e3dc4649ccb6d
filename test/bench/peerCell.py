"""One cell of a sweep as the usual script runs it: a process that loads, trains and evaluates, and shares nothing.

    python peerCell.py cell.json

PyTorch, transformers, pytorch-metric-learning and scikit-learn, each as its documentation has it.
Needs: pip install torch transformers sentence-transformers pytorch-metric-learning
"""
import copy
import json
import random
import sys
import warnings

warnings.filterwarnings("ignore")

import numpy as np  # noqa: E402
import torch  # noqa: E402
from pytorch_metric_learning.losses import SupConLoss  # noqa: E402
from pytorch_metric_learning.samplers import MPerClassSampler  # noqa: E402
from sklearn import metrics  # noqa: E402
from sklearn.cluster import KMeans  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.neighbors import KNeighborsClassifier  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from transformers import AutoModel, AutoTokenizer, get_linear_schedule_with_warmup, logging  # noqa: E402

logging.set_verbosity_error()
cell = json.load(open(sys.argv[1]))
random.seed(cell["seed"])
np.random.seed(cell["seed"])
torch.manual_seed(cell["seed"])

tokenizer = AutoTokenizer.from_pretrained(cell["encoder"])
model = AutoModel.from_pretrained(cell["encoder"], add_pooling_layer=False, dtype=torch.float32)


def tokens(texts):
    return tokenizer(texts, padding=True, truncation=True, max_length=cell["maxLength"], return_tensors="pt")


def pooled(encoder, inputs):
    hidden = encoder(**inputs).last_hidden_state
    if cell["pooling"] == "cls":
        return hidden[:, 0]
    mask = inputs["attention_mask"].unsqueeze(-1).to(hidden.dtype)
    return (hidden * mask).sum(1) / mask.sum(1)


def embed(encoder, texts, size=64):
    """Longest texts first, padded to the longest of each batch."""
    order = np.argsort([-len(text) for text in texts], kind="stable")
    out = np.empty((len(texts), encoder.config.hidden_size), np.float32)
    encoder.eval()
    with torch.inference_mode():
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            out[rows] = pooled(encoder, tokens([texts[i] for i in rows])).numpy()
    return out


def train():
    texts, labels = cell["train"]["texts"], cell["train"]["labels"]
    frozen = copy.deepcopy(model).eval().requires_grad_(False)
    head = torch.nn.Linear(model.config.hidden_size, 64)
    parameters = [*model.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=cell["learningRate"], weight_decay=0.01)
    scheduler = get_linear_schedule_with_warmup(optimizer, max(1, cell["steps"] // 10), cell["steps"])
    sampler = MPerClassSampler(
        labels, m=cell["m"], batch_size=cell["batchSize"], length_before_new_iter=cell["steps"] * cell["batchSize"]
    )
    loader = torch.utils.data.DataLoader(
        range(len(texts)),
        batch_size=cell["batchSize"],
        sampler=sampler,
        drop_last=True,
        collate_fn=lambda rows: (torch.tensor(rows), tokens([texts[i] for i in rows])),
    )
    supcon = SupConLoss(temperature=cell["temperature"])
    y = torch.tensor(labels)
    model.train()
    for rows, inputs in loader:
        embeddings = pooled(model, inputs)
        loss = supcon(head(embeddings), y[rows])
        if cell["weight"] > 0:
            with torch.no_grad():
                before = pooled(frozen, inputs)
            loss = loss + cell["weight"] * torch.nn.functional.mse_loss(embeddings, before)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad(set_to_none=True)


def scores(truth, predicted):
    return {
        "accuracy": metrics.accuracy_score(truth, predicted),
        "macroF1": metrics.f1_score(truth, predicted, average="macro"),
    }


def knn(x, labels, queries, truth):
    classifier = KNeighborsClassifier(n_neighbors=10, metric="cosine", algorithm="brute").fit(x, labels)
    return scores(truth, classifier.predict(queries))


def logistic(x, labels, queries, truth):
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300)).fit(x, labels)
    return scores(truth, classifier.predict(queries))


def clustering(x, labels):
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    found = KMeans(n_clusters=len(set(labels)), n_init=10, random_state=cell["seed"]).fit_predict(unit)
    return {"ami": metrics.adjusted_mutual_info_score(labels, found), "ari": metrics.adjusted_rand_score(labels, found)}


def retrieval(x, labels):
    """Over the whole ranking of all other texts."""
    x, labels = x / np.linalg.norm(x, axis=1, keepdims=True), np.asarray(labels)
    ranks, reciprocal, at_r = np.arange(1, len(x)), [], []
    for start in range(0, len(x), 512):
        similar = x[start : start + 512] @ x.T
        rows = np.arange(len(similar))
        similar[rows, start + rows] = -np.inf
        hits = labels[np.argsort(-similar, axis=1, kind="stable")[:, :-1]] == labels[start : start + 512, None]
        relevant = hits.sum(1)
        hits, relevant = hits[relevant > 0], relevant[relevant > 0]
        reciprocal.append(1 / (hits.argmax(1) + 1))
        precision = hits.cumsum(1) / ranks
        at_r.append((precision * hits * (ranks[None] <= relevant[:, None])).sum(1) / relevant)
    return {"mrr": np.concatenate(reciprocal).mean(), "mapAtR": np.concatenate(at_r).mean()}


held, references = cell["test"], cell["train"]
before = embed(model, held["texts"])
train()
after, known = embed(model, held["texts"]), embed(model, references["texts"])
result = {
    "drift.deltaEmb": ((after - before) ** 2).mean(),
    "knn": knn(known, references["labels"], after, held["labels"]),
    "clustering": clustering(after, held["labels"]),
    "retrieval": retrieval(after, held["labels"]),
}
for task in cell["tasks"]:
    known, queries = embed(model, task["train"]["texts"]), embed(model, task["test"]["texts"])
    split = (known, task["train"]["labels"], queries, task["test"]["labels"])
    result[task["name"]] = {"knn": knn(*split), "logisticRegression": logistic(*split)}
print(json.dumps(result, default=float))
