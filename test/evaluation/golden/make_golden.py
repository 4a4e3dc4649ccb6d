"""Writes the reference values of the evaluation tests, from scikit-learn and SciPy.

    python make_golden.py

Made with scikit-learn 1.9.1, SciPy 1.17.1 and NumPy 2.4.6.
"""

import json
from pathlib import Path

import numpy as np
from scipy import stats
from sklearn import metrics
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, classification_report, confusion_matrix, f1_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

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
    return [
        {
            "truth": t,
            "predicted": p,
            **scores(t, p),
            "report": classification_report(t, p, output_dict=True, zero_division=0),
            "confusion": confusion_matrix(t, p).tolist(),
            "labels": np.union1d(t, p).tolist(),
        }
        for t, p in cases
    ]


def intervals():
    cases = []
    for size in (2, 3, 5, 12):
        values = np.round(random.normal(0.2, 0.05, size=size), 4)
        low, high = stats.t.interval(0.95, size - 1, loc=values.mean(), scale=stats.sem(values))
        cases.append({"values": values.tolist(), "mean": values.mean(), "halfWidth": (high - low) / 2})
    return cases


def significance():
    # On numbers of their own, so that those of the other goldens stay as they are.
    own = np.random.default_rng(7)
    cases = []
    for size in (1, 2, 3, 5, 8, 12):
        for shift in (0.0, 0.5, 2.0):
            values = np.round(own.normal(shift, 1, size=size), 3)
            test = stats.permutation_test(
                (values,), np.sum, permutation_type="samples", alternative="two-sided", n_resamples=np.inf
            ) if size > 1 else None
            cases.append({"values": values.tolist(), "pValue": float(test.pvalue) if test else 1.0})
    return cases


def by_number(model, rows):
    found = model.predict_proba(rows)
    result = np.zeros((len(rows), model.classes_.max() + 1))
    result[:, model.classes_] = found
    return result.ravel().tolist()


def calibration_error(truth, likely, bins=15):
    confidence, predicted = likely.max(axis=1), likely.argmax(axis=1)
    edges = np.linspace(0, 1, bins + 1)
    error = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            error += inside.mean() * abs((predicted[inside] == truth[inside]).mean() - confidence[inside].mean())
    return error


def probabilities():
    own = np.random.default_rng(11)
    cases = []
    for texts, classes, sharpness in ((40, 2, 1.0), (60, 3, 2.0), (80, 6, 0.3), (300, 28, 3.0)):
        truth = np.concatenate([np.arange(classes), own.integers(classes, size=texts - classes)])
        scores = sharpness * own.normal(size=(texts, classes)) + 1.5 * np.eye(classes)[truth]
        likely = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        # Two decimals, so that there are ties.
        likely = np.round(likely, 2) + 1e-3
        likely = likely / likely.sum(axis=1, keepdims=True)
        binary = classes == 2
        area = lambda average: metrics.roc_auc_score(
            truth, likely[:, 1] if binary else likely, multi_class="ovr", average=average
        )
        cases.append(
            {
                "classes": classes,
                "truth": truth.tolist(),
                "probabilities": likely.ravel().tolist(),
                "logLoss": metrics.log_loss(truth, likely),
                "calibrationError": calibration_error(truth, likely),
                "rocAuc": area("macro"),
                "rocAucWeighted": area("weighted"),
            }
        )
    return cases


def agreement():
    n = 60
    cases = [
        ([0, 0, 0, 1, 1, 2, 2, 2, 2], [0, 0, 1, 1, 1, 2, 2, 0, 2]),
        ([0, 0, 1, 2], [0, 0, 1, 1]),
        ([0, 0, 0], [0, 0, 0]),
        ([0, 0, 0], [0, 1, 2]),
        ([0, 1, 2], [0, 0, 0]),
        ([3, 1, 2], [5, 7, 6]),
        ([0, 0, 1, 1], [1, 1, 0, 0]),
        ([0, 1, 0, 1], [0, 0, 1, 1]),
        ([0], [0]),
    ]
    for classes, clusters in ((2, 2), (5, 3), (28, 28), (3, 20)):
        for right in (0.0, 0.5, 0.95):
            truth = random.integers(classes, size=n)
            found = np.where(random.random(n) < right, truth % clusters, random.integers(clusters, size=n))
            cases.append((truth.tolist(), found.tolist()))
    return [
        {
            "classes": t,
            "clusters": c,
            "ami": metrics.adjusted_mutual_info_score(t, c),
            "nmi": metrics.normalized_mutual_info_score(t, c),
            "ari": metrics.adjusted_rand_score(t, c),
            "fms": metrics.fowlkes_mallows_score(t, c),
            "homogeneity": metrics.homogeneity_score(t, c),
            "completeness": metrics.completeness_score(t, c),
            "vMeasure": metrics.v_measure_score(t, c),
        }
        for t, c in cases
    ]


def clusters():
    cases = []
    for classes, columns, spread in ((3, 5, 0.3), (6, 8, 0.6), (8, 4, 1.2)):
        centres = random.normal(size=(classes, columns))
        labels = random.integers(classes, size=90)
        x = np.round(centres[labels] + spread * random.normal(size=(90, columns)), 2)
        unit = x / np.linalg.norm(x, axis=1, keepdims=True)
        # So many starts that the best is the best there is, as far as anybody knows.
        model = KMeans(n_clusters=classes, n_init=300, random_state=1, tol=0).fit(unit)
        cases.append(
            {
                "columns": columns,
                "classes": classes,
                "x": x.ravel().tolist(),
                "labels": labels.tolist(),
                "inertia": model.inertia_,
                "silhouette": metrics.silhouette_score(x, labels, metric="cosine"),
            }
        )
    return cases


def logistic():
    cases = []
    for classes, columns, c in ((2, 4, 0.1), (2, 4, 10), (4, 6, 0.1), (7, 5, 1)):
        centres = random.normal(size=(classes, columns))

        def draw(rows):
            labels = random.integers(classes, size=rows)
            return np.round(3 + centres[labels] + 1.2 * random.normal(size=(rows, columns)), 2), labels

        (train, train_labels), (test, test_labels) = draw(120), draw(60)
        model = make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=10_000, tol=1e-10))
        model.fit(train, train_labels)
        cases.append(
            {
                "columns": columns,
                "c": c,
                "train": train.ravel().tolist(),
                "trainLabels": train_labels.tolist(),
                "test": test.ravel().tolist(),
                "predicted": model.predict(test).tolist(),
                "probabilities": by_number(model, test),
                # Of the two best classes: how close it was.
                "margin": np.diff(np.sort(model.predict_proba(test), axis=1)[:, -2:], axis=1).ravel().tolist(),
            }
        )
    return cases


golden = {
    "neighbours": neighbours(),
    "classification": classification(),
    "intervals": intervals(),
    "significance": significance(),
    "agreement": agreement(),
    "clusters": clusters(),
    "logistic": logistic(),
    "probabilities": probabilities(),
}
for name, value in golden.items():
    Path(__file__).with_name(f"{name}.json").write_text(json.dumps(value) + "\n")
