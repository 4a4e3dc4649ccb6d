"""Writes multiLabel.json: scikit-learn's scores of classifiers that give several classes to a text.

    python make_multi_label.py

Made with scikit-learn 1.9.1 and NumPy 2.4.6.
"""

import json
from pathlib import Path

import numpy as np
from sklearn import metrics

random = np.random.default_rng(11)


def case(texts, classes, share, threshold, empty=None):
    truth = (random.random((texts, classes)) < share).astype(int)
    if empty is not None:
        truth[:, empty] = 0
    probabilities = np.clip(0.35 * truth + 0.65 * random.random((texts, classes)), 0.001, 0.999).round(3)
    thresholds = np.full(classes, threshold) if np.isscalar(threshold) else np.asarray(threshold)
    given = (probabilities >= thresholds).astype(int)
    told = [c for c in range(classes) if 0 < truth[:, c].sum() < texts]
    areas = [metrics.roc_auc_score(truth[:, c], probabilities[:, c]) for c in told]
    support = truth[:, told].sum(axis=0)
    mean = lambda score, average: score(truth, given, average=average, zero_division=0)
    return {
        "classes": classes,
        "truth": truth.flatten().tolist(),
        "probabilities": probabilities.flatten().tolist(),
        "thresholds": thresholds.tolist(),
        "scores": {
            "accuracy": metrics.accuracy_score(truth, given),
            "macroF1": mean(metrics.f1_score, "macro"),
            "microF1": mean(metrics.f1_score, "micro"),
            "weightedF1": mean(metrics.f1_score, "weighted"),
            "macroPrecision": mean(metrics.precision_score, "macro"),
            "macroRecall": mean(metrics.recall_score, "macro"),
            "hammingLoss": metrics.hamming_loss(truth, given),
            "logLoss": -np.mean(np.where(truth, np.log(probabilities), np.log(1 - probabilities))),
            "rocAuc": np.mean(areas) if areas else 0.5,
            "rocAucWeighted": np.average(areas, weights=support) if areas else 0.5,
        },
        "byClass": [
            [
                metrics.precision_score(truth[:, c], given[:, c], zero_division=0),
                metrics.recall_score(truth[:, c], given[:, c], zero_division=0),
                metrics.f1_score(truth[:, c], given[:, c], zero_division=0),
                int(truth[:, c].sum()),
            ]
            for c in range(classes)
        ],
    }


cases = [
    case(1, 3, 0.5, 0.5),
    case(20, 2, 0.5, 0.5),
    case(40, 5, 0.3, 0.3),
    case(60, 28, 0.06, 0.4, empty=27),
    case(50, 4, 0.4, [0.2, 0.5, 0.6, 0.9]),
    case(10, 3, 0.0, 0.5),
]
Path(__file__).with_name("multiLabel.json").write_text(json.dumps(cases) + "\n")
