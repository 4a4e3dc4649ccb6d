"""Writes adamW.json: a trajectory of torch.optim.AdamW. Run: python adamW.py > adamW.json (torch 2.15)."""

import json

import torch

torch.manual_seed(0)
decaying = ["layer.weight"]
exempt = ["layer.bias", "encoder.LayerNorm.weight"]
shapes = {"layer.weight": (3, 4), "layer.bias": (3,), "encoder.LayerNorm.weight": (4,)}
parameters = {name: torch.nn.Parameter(torch.randn(shape)) for name, shape in shapes.items()}
options = {"weightDecay": 0.05, "beta1": 0.8, "beta2": 0.99, "epsilon": 1e-6}
optimiser = torch.optim.AdamW(
    [
        {"params": [parameters[n] for n in decaying], "weight_decay": options["weightDecay"]},
        {"params": [parameters[n] for n in exempt], "weight_decay": 0.0},
    ],
    betas=(options["beta1"], options["beta2"]),
    eps=options["epsilon"],
)
initial = {name: p.detach().flatten().tolist() for name, p in parameters.items()}
steps = []
for step in range(12):
    learning_rate = 0.1 * (1 - step / 12)
    gradients = {}
    for name, parameter in parameters.items():
        # The bias has no gradient in some steps, and gradients span many magnitudes.
        if name == "layer.bias" and step % 4 == 2:
            parameter.grad = None
            continue
        parameter.grad = torch.randn(shapes[name]) * 10.0 ** (-(step % 5))
        gradients[name] = parameter.grad.flatten().tolist()
    for group in optimiser.param_groups:
        group["lr"] = learning_rate
    optimiser.step()
    values = {name: p.detach().flatten().tolist() for name, p in parameters.items()}
    steps.append({"learningRate": learning_rate, "gradients": gradients, "values": values})
print(json.dumps({"options": options, "shapes": shapes, "initial": initial, "steps": steps}))
