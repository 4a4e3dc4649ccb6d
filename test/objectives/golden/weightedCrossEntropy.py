"""Makes weightedCrossEntropy.json: losses and gradients of `torch.nn.functional.cross_entropy` with weights of classes.

    python weightedCrossEntropy.py

Written with torch 2.15, in float64. Each case has logits [batch, classes], labels [batch], weight [classes] or null,
labelSmoothing, the mean loss (that is weighted by the labels' weights), and its gradient by the logits.
"""

import json
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy

generator = torch.Generator().manual_seed(31)
cases = []
for batch, classes in [(1, 2), (4, 3), (9, 6), (3, 20)]:
    logits = torch.randn(batch, classes, generator=generator) * 3
    labels = torch.randint(classes, (batch,), generator=generator)
    random = 0.1 + 4 * torch.rand(classes, generator=generator)
    without_one = random.clone()
    # A class that no label has here may weigh nothing; only with smoothing does that matter.
    without_one[next((c for c in range(classes) if c not in labels), 0)] = 0
    for weight in [None, torch.ones(classes), random, random * 10, without_one]:
        for smoothing in [0.0, 0.1]:
            inputs = logits.double().requires_grad_()
            loss = cross_entropy(inputs, labels, None if weight is None else weight.double(), label_smoothing=smoothing)
            loss.backward()
            assert loss.isfinite()
            cases.append(
                {
                    "logits": logits.tolist(),
                    "labels": labels.tolist(),
                    "weight": None if weight is None else weight.tolist(),
                    "labelSmoothing": smoothing,
                    "loss": loss.item(),
                    "gradient": inputs.grad.tolist(),
                }
            )
result = {"versions": {"torch": torch.__version__}, "cases": cases}
(Path(__file__).parent / "weightedCrossEntropy.json").write_text(json.dumps(result) + "\n")
