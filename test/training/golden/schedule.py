"""Writes schedule.json: factors of transformers' learning-rate schedules. Run: python schedule.py > schedule.json (transformers 5.23)."""

import json
import math

import torch
from transformers import (
    get_constant_schedule_with_warmup,
    get_cosine_schedule_with_warmup,
    get_linear_schedule_with_warmup,
)

cases = []
for total in (1, 7, 30):
    for warmup in (0.0, 0.1, 0.25, 1.0):
        warmup_steps = math.ceil(total * warmup)
        for name in ("linear", "cosine", "constant"):
            optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
            if name == "linear":
                schedule = get_linear_schedule_with_warmup(optimiser, warmup_steps, total)
            elif name == "cosine":
                schedule = get_cosine_schedule_with_warmup(optimiser, warmup_steps, total)
            else:
                schedule = get_constant_schedule_with_warmup(optimiser, warmup_steps)
            factors = []
            for _ in range(total):
                factors.append(schedule.get_last_lr()[0])
                optimiser.step()
                schedule.step()
            cases.append({"schedule": name, "totalSteps": total, "warmup": warmup, "factors": factors})
print(json.dumps(cases))
