"""Writes the reference values of the evaluation tests, from scikit-learn and SciPy.

    python make_golden.py

Made with scikit-learn 1.9.1, SciPy 1.17.1 and NumPy 2.4.6.
"""

import json
from pathlib import Path

import numpy as np
from scipy import stats
from sklearn.metrics import accuracy_score, f1_score
from sklearn.neighbors import KNeighborsClassifier

random = np.random.default_rng(7)


def scores(truth, predicted):
    return {
        "accuracy": accuracy_score(truth, predicted),
        "macroF1": f1_score(truth, predicted, average="macro", zero_division=0),
        "weightedF1": f1_score(truth, predicted, average="weighted", zero_division=0),
    }


def neighbours():
    classes, columns = 5, 6
    centres = random.normal(size=(classes, columns))

    def draw(rows):
        labels = random.integers(classes, size=rows)
        return np.round(centres[labels] + 1.5 * random.normal(size=(rows, columns)), 2), labels

    train, train_labels = draw(60)
    test, test_labels = draw(25)
    test[3] = 0  # equally far from everything: all references tie, so only k = 60 is determined
    cases = []
    for k in (1, 2, 3, 7, 10, 60):
        model = KNeighborsClassifier(k, metric="cosine", algorithm="brute").fit(train, train_labels)
        predicted = model.predict(test)
        alone = [
            int(
                KNeighborsClassifier(min(k, 59), metric="cosine", algorithm="brute")
                .fit(np.delete(train, i, axis=0), np.delete(train_labels, i))
                .predict(train[i : i + 1])[0]
            )
            for i in range(60)
        ]
        cases.append(
            {
                "k": k,
                "predicted": predicted.tolist(),
                "leaveOneOut": scores(train_labels, alone),
            }
        )
    return {
        "columns": columns,
        "zeroRow": 3,
        "train": train.ravel().tolist(),
        "trainLabels": train_labels.tolist(),
        "test": test.ravel().tolist(),
        "testLabels": test_labels.tolist(),
        "cases": cases,
    }


def classification():
    cases = [
        ([0, 1, 2, 2], [0, 1, 2, 1]),
        ([0, 0, 0], [1, 1, 1]),
        ([4, 4, 4], [4, 4, 4]),
        ([0, 1, 5], [0, 3, 5]),
    ]
    for classes in (2, 6, 28):
        truth = random.integers(classes, size=80)
        predicted = np.where(random.random(80) < 0.6, truth, random.integers(classes + 1, size=80))
        cases.append((truth.tolist(), predicted.tolist()))
    return [{"truth": t, "predicted": p, **scores(t, p)} for t, p in cases]


def intervals():
    cases = []
    for size in (2, 3, 5, 12):
        values = np.round(random.normal(0.2, 0.05, size=size), 4)
        low, high = stats.t.interval(0.95, size - 1, loc=values.mean(), scale=stats.sem(values))
        cases.append({"values": values.tolist(), "mean": values.mean(), "halfWidth": (high - low) / 2})
    return cases


golden = {"neighbours": neighbours(), "classification": classification(), "intervals": intervals()}
for name, value in golden.items():
    Path(__file__).with_name(f"{name}.json").write_text(json.dumps(value) + "\n")
