"""Logs an offline run with the official client into the working directory."""

import time

import wandb

settings = wandb.Settings(mode="offline", host="stand-in", x_stats_sampling_interval=0.2)
run = wandb.init(
    project="stand-in-project",
    id="official1",
    name="A display name",
    group="a-group",
    job_type="training",
    tags=["first", "second"],
    notes="Some notes",
    config={"lr": 0.1, "nested": {"layers": [1, 2]}, "name": "x", "nothing": None},
    settings=settings,
)
run.define_metric("train/step", hidden=True)
run.define_metric("train/loss", step_metric="train/step", summary="min,max,last", goal="minimize")
run.define_metric("knn/f1", step_metric="train/step", summary="best,last", goal="maximize")
for step, loss in enumerate([1.0, 0.25, 0.5], start=1):
    run.log({"train/step": step, "train/loss": loss, "knn/f1": 1 - loss, "nan": float("nan"), "inf": float("-inf")})
run.log({"table": wandb.Table(columns=["text", "number"], data=[["a", 1], ["b", None]])})
run.log({"page": wandb.Html("<p>page</p>", inject=False)})
run.log({"histogram": wandb.Histogram(np_histogram=([1, 2], [0.0, 0.5, 1.0]))})
run.summary["by hand"] = 7
print("a line of output")
# Time for a row of system metrics.
time.sleep(1)
run.finish(exit_code=3)
