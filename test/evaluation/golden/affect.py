"""Makes affect.json: mean absolute errors of scikit-learn and Pearson's correlations of SciPy.

    python affect.py

Written with scikit-learn 1.9.1 and SciPy 1.17.1. Each case has the places of its classes, the label of each text, valence and
intensity found of each text, row by row, and of each dimension the error and the correlation, 0 where SciPy has none
because one of the two is constant.
"""

import json
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy.stats import pearsonr
from sklearn.metrics import mean_absolute_error

random = np.random.default_rng(11)
six = ([-0.8, 0.9, 0.8, -0.7, -0.7, 0], [0.3, 0.7, 0.5, 0.9, 0.8, 0.9])


def scores(found, wanted):
    constant = np.ptp(found) == 0 or np.ptp(wanted) == 0
    return {
        "error": mean_absolute_error(wanted, found),
        "correlation": 0 if constant else pearsonr(found, wanted).statistic,
    }


def case(places, labels, found):
    wanted = np.array(places)[:, labels]
    return {
        "places": dict(zip(("valence", "intensity"), places)),
        "labels": labels.tolist(),
        "found": found.ravel().tolist(),
        "valence": scores(found[:, 0], wanted[0]),
        "intensity": scores(found[:, 1], wanted[1]),
    }


cases = []
for texts, noise in ((2, 0.1), (9, 0), (60, 0.1), (60, 0.6), (500, 3)):
    labels = np.concatenate([[0, 1], random.integers(6, size=texts - 2)])
    wanted = np.array(six)[:, labels].T
    cases.append(case(six, labels, np.clip(wanted + noise * random.normal(size=(texts, 2)), [-1, 0], 1)))
# Against the places, of one text, of one class only, and the same place for all texts.
labels = random.integers(6, size=30)
wanted = np.array(six)[:, labels].T
cases.append(case(six, labels, np.column_stack([-wanted[:, 0], 1 - wanted[:, 1]])))
cases.append(case(six, np.array([3]), np.array([[0.2, 0.4]])))
cases.append(case(six, np.full(5, 2), random.uniform(size=(5, 2))))
cases.append(case(six, labels, np.tile([0.1, 0.3], (30, 1))))
result = {"versions": {"scikit-learn": sklearn.__version__, "scipy": scipy.__version__}, "cases": cases}
Path(__file__).with_name("affect.json").write_text(json.dumps(result) + "\n")
