"""Makes LoRA adapters and what `peft` makes of texts with them.

    python make.py

Written with torch 2.15, transformers 5.23 and peft 0.21. Run after ../classifiers/make.py, whose models are adapted. Everything
is drawn from fixed seeds.

    <name>/                 the folder that peft writes for an adapter of ../classifiers/<name>: rank 4, alpha 8, on the
                            projections of queries and values, both factors random; the output head is trained with it, and
                            so another than in the model (of BERT without the pooler, as is peft's default; of DistilBERT with its dense layer)
    <name>.reference.json   float32 logits of the model, of the model with the adapter, and of the model into which the adapter
                            was merged
"""

import json
from pathlib import Path

import peft
import torch
import transformers
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForSequenceClassification, AutoTokenizer

here = Path(__file__).parent
sentences = json.loads((here / "../../../text/golden/sentences.json").read_text())
MAX_LENGTH = 40
versions = {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__}


def adapt(name, seed, targets, heads):
    folder = here / "../classifiers" / name
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
    batch = tokenizer(sentences, padding=True, truncation=True, max_length=MAX_LENGTH, return_tensors="pt")
    if model.config.model_type != "bert":
        batch.pop("token_type_ids", None)

    def logits(classifier):
        with torch.no_grad():
            return classifier(**batch).logits

    of_base = logits(model)
    config = LoraConfig(task_type="SEQ_CLS", r=4, lora_alpha=8, target_modules=targets, modules_to_save=heads, lora_dropout=0.1)
    adapted = get_peft_model(model, config)
    generator = torch.Generator().manual_seed(seed)
    for parameter_name, parameter in adapted.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if "lora_" in parameter_name:
            parameter.data = 0.3 * noise
        elif "modules_to_save" in parameter_name:
            parameter.data += 0.1 * noise
    adapted.eval()
    adapted.peft_config["default"].base_model_name_or_path = f"../../classifiers/{name}"
    of_adapted = logits(adapted)
    adapted.save_pretrained(here / name, save_embedding_layers=False)
    (here / name / "README.md").unlink()
    of_merged = logits(adapted.merge_and_unload())
    assert (of_adapted - of_base).abs().max() > 0.1 and torch.allclose(of_adapted, of_merged, atol=1e-4)
    reference = {
        "versions": versions,
        "base": f"classifiers/{name}",
        "maxLength": MAX_LENGTH,
        "texts": sentences,
        "logits": {"base": of_base.tolist(), "adapted": of_adapted.tolist(), "merged": of_merged.tolist()},
    }
    (here / f"{name}.reference.json").write_text(json.dumps(reference) + "\n")


adapt("bert", 21, ["query", "value"], None)
adapt("roberta", 22, ["query", "value"], None)
adapt("distilBert", 23, ["q_lin", "v_lin"], ["pre_classifier"])
