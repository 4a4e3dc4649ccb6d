"""Values of comparison.json: means and 95 % t-intervals over the made-up runs of runs.json, and paired differences.

    python make.py > comparison.json          (numpy 2, scipy 1)
"""

import json
import pathlib

import numpy
from scipy import stats

runs = json.loads((pathlib.Path(__file__).parent / "runs.json").read_text())


def summary(values):
    values = numpy.asarray(values, dtype=numpy.float64)
    if len(values) == 1:
        return {"mean": values[0], "halfWidth": None, "n": 1}
    low, high = stats.t.interval(0.95, len(values) - 1, loc=values.mean(), scale=stats.sem(values))
    return {"mean": values.mean(), "halfWidth": (high - low) / 2, "n": len(values)}


metrics = list(runs["original"])
points = [
    {
        "metrics": {m: summary([run[m] for run in point["seeds"].values()]) for m in metrics},
        "gains": {m: summary([run[m] - runs["original"][m] for run in point["seeds"].values()]) for m in metrics},
    }
    for point in runs["points"]
]

# The third point minus the first, over the seeds 1 and 3 that both have.
first, third = (runs["points"][i]["seeds"] for i in (0, 2))
common = sorted(first.keys() & third.keys())
paired = {m: summary([third[seed][m] - first[seed][m] for seed in common]) for m in metrics}

print(json.dumps({"points": points, "thirdMinusFirst": paired}, indent=2))
