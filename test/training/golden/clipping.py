"""Writes clipping.json: torch.nn.utils.clip_grad_norm_. Run: python clipping.py > clipping.json (torch 2.15)."""

import json

import torch

torch.manual_seed(1)
cases = []
for scale in (1e-3, 0.3, 40.0):
    for max_norm in (0.5, 1.0, 5.0):
        parameters = [torch.nn.Parameter(torch.zeros(shape)) for shape in ((2, 3), (4,))]
        for parameter in parameters:
            parameter.grad = torch.randn(parameter.shape) * scale
        before = [p.grad.tolist() for p in parameters]
        norm = torch.nn.utils.clip_grad_norm_(parameters, max_norm)
        after = [p.grad.tolist() for p in parameters]
        cases.append({"maxNorm": max_norm, "norm": norm.item(), "before": before, "after": after})
print(json.dumps(cases))
