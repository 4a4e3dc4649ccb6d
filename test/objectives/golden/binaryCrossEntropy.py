"""Makes binaryCrossEntropy.json: losses and gradients of `torch.nn.functional.binary_cross_entropy_with_logits`.

    python binaryCrossEntropy.py

Written with torch 2.15, in float64. Each case has logits and targets [batch, classes], the kind of targets (multiHot or soft),
posWeight [classes] or null, the loss, mean over batch and classes, and its gradient by the logits. Some logits are so large
that the exponential function overflows in float32.
"""

import json
from pathlib import Path

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

generator = torch.Generator().manual_seed(32)
cases = []
for batch, classes, scale in [(1, 1, 1), (4, 3, 3), (8, 5, 3), (3, 7, 80)]:
    logits = torch.randn(batch, classes, generator=generator) * scale
    draws = torch.rand(batch, classes, generator=generator)
    pos_weight = 0.2 + 5 * torch.rand(classes, generator=generator)
    for kind, targets in [("multiHot", (draws < 0.4).float()), ("soft", draws)]:
        for weight in [None, pos_weight]:
            inputs = logits.double().requires_grad_()
            of_positives = None if weight is None else weight.double()
            loss = binary_cross_entropy_with_logits(inputs, targets.double(), pos_weight=of_positives)
            loss.backward()
            assert loss.isfinite()
            cases.append(
                {
                    "logits": logits.tolist(),
                    "targets": targets.tolist(),
                    "kind": kind,
                    "posWeight": None if weight is None else weight.tolist(),
                    "loss": loss.item(),
                    "gradient": inputs.grad.tolist(),
                }
            )
result = {"versions": {"torch": torch.__version__}, "cases": cases}
(Path(__file__).parent / "binaryCrossEntropy.json").write_text(json.dumps(result) + "\n")
