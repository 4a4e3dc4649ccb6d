"""Makes tiny classification models and what `transformers` makes of texts with them.

    python make.py

Written with torch 2.15 and transformers 5.23. Run after ../make.py, whose tokenisers these models have. Everything is drawn
from fixed seeds.

    <name>/                 a Hugging Face folder of a ...ForSequenceClassification with six named classes; bertMultiLabel
                            has five and problem_type multi_label_classification. bert and distilBert are in float32, the
                            others in float16. xlmRoberta has the byte-level tokeniser of ../roberta.
    <name>.reference.json   ids, token types and float32 logits of texts and of pairs, each cut to maxLength tokens
    <name>.gradients.json   of bert, roberta and distilBert: the mean cross-entropy of six texts in training without dropout,
                            computed in float64, and its gradients, each [rows * columns]
"""

import json
import shutil
from pathlib import Path

import tokenizers
import torch
import transformers
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertConfig,
    BertForSequenceClassification,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    RobertaConfig,
    RobertaForSequenceClassification,
    XLMRobertaConfig,
    XLMRobertaForSequenceClassification,
)

here = Path(__file__).parent
sentences = json.loads((here / "../../../text/golden/sentences.json").read_text())
CLASSES = ["billing", "cancellation", "delivery", "praise", "refund", "technical fault"]
TOPICS = ["angry", "polite", "question", "spam", "urgent"]
MAX_LENGTH = 40
BATCH, LABELS = [0, 1, 4, 6, 8, 10], [0, 3, 5, 1, 1, 4]
versions = {"torch": torch.__version__, "transformers": transformers.__version__, "tokenizers": tokenizers.__version__}


def randomise(model, seed):
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        is_norm_weight = "norm" in name.lower() and name.endswith("weight")
        is_head = name.startswith(("classifier", "pre_classifier")) or ".pooler." in name
        parameter.data = 1 + 0.2 * noise if is_norm_weight else (0.3 if is_head else 0.25) * noise
    return model


def rows(encoded):
    """Ids and token types of each text without padding."""
    types = encoded.get("token_type_ids", torch.zeros_like(encoded["input_ids"]))
    lengths = encoded["attention_mask"].sum(1).tolist()
    return [
        {"ids": ids[:length].tolist(), "types": type_ids[:length].tolist()}
        for ids, type_ids, length in zip(encoded["input_ids"], types, lengths)
    ]


def arguments(encoded, model):
    known = {"input_ids", "attention_mask"} | ({"token_type_ids"} if model.config.model_type == "bert" else set())
    return {name: value for name, value in encoded.items() if name in known}


def logits(model, encoded):
    with torch.no_grad():
        return model(**arguments(encoded, model)).logits


def reference(model, tokenizer):
    options = {"padding": True, "truncation": True, "max_length": MAX_LENGTH, "return_tensors": "pt"}
    texts = tokenizer(sentences, return_token_type_ids=True, **options)
    # The first of a pair is cut, at its beginning, and something of it must be left. An empty second one is left out: in a
    # batch it is a segment, and alone it is none.
    longest = MAX_LENGTH - tokenizer.num_special_tokens_to_add(pair=True)
    pairs = [
        pair
        for pair in zip(sentences, sentences[1:])
        if pair[1] and len(tokenizer(pair[1], add_special_tokens=False)["input_ids"]) < longest
    ]
    tokenizer.truncation_side = "left"
    paired = tokenizer(*map(list, zip(*pairs)), return_token_type_ids=True, **options | {"truncation": "only_first"})
    tokenizer.truncation_side = "right"
    of_texts, of_pairs = logits(model, texts), logits(model, paired)
    spread = of_texts.max(1).values - of_texts.min(1).values
    assert spread.min() > 0.1 and (of_texts.max(0).values - of_texts.min(0).values).min() > 0.1, spread
    config = model.config
    return {
        "versions": versions,
        "problemType": config.problem_type,
        "labels": [config.id2label[i] for i in range(config.num_labels)],
        "maxLength": MAX_LENGTH,
        "texts": [
            {"text": text, **row, "logits": values}
            for text, row, values in zip(sentences, rows(texts), of_texts.tolist(), strict=True)
        ],
        "pairs": [
            {"context": first, "text": second, **row, "logits": values}
            for (first, second), row, values in zip(pairs, rows(paired), of_pairs.tolist(), strict=True)
        ],
    }


def gradients(folder, tokenizer, head, query):
    silent = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "classifier_dropout": 0.0}
    if "distil" in folder.name:
        silent = {"dropout": 0.0, "attention_dropout": 0.0, "seq_classif_dropout": 0.0}
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float64, **silent).train()
    texts = [sentences[i] for i in BATCH]
    encoded = tokenizer(texts, padding=True, truncation=True, max_length=MAX_LENGTH, return_tensors="pt")
    loss = model(**arguments(encoded, model), labels=torch.tensor(LABELS)).loss
    loss.backward()
    tensors = dict(model.named_parameters())
    names = [name for name in tensors if name.startswith(head)] + [query]
    return {
        "versions": versions,
        "maxLength": MAX_LENGTH,
        "texts": texts,
        "labels": LABELS,
        "loss": loss.item(),
        "gradients": {
            name: {"shape": list(tensors[name].shape), "values": [float(f"{x:.8g}") for x in tensors[name].grad.flatten().tolist()]}
            for name in names
        },
    }


def write(file, value):
    (here / file).write_text(json.dumps(value) + "\n")


def save(name, model, seed, tokenizer, half=False):
    model = randomise(model, seed)
    (model.half() if half else model).save_pretrained(here / name)
    for file in ["tokenizer.json", "tokenizer_config.json"]:
        shutil.copy(here / ".." / tokenizer / file, here / name)
    write(f"{name}.reference.json", reference(model.float().eval(), AutoTokenizer.from_pretrained(here / name)))


def named(classes):
    return {"id2label": dict(enumerate(classes)), "label2id": {label: i for i, label in enumerate(classes)}}


common = {"vocab_size": 400, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
of_bert = {**common, "max_position_embeddings": MAX_LENGTH}
of_roberta = {
    **common, "max_position_embeddings": MAX_LENGTH + 2, "type_vocab_size": 1, "layer_norm_eps": 1e-5,
    "bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2, **named(CLASSES),
}
of_distil = {
    "vocab_size": 400, "dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 48, "max_position_embeddings": MAX_LENGTH,
    **named(CLASSES),
}
multi_label = {**named(TOPICS), "problem_type": "multi_label_classification"}

save("bert", BertForSequenceClassification(BertConfig(**of_bert, **named(CLASSES))), 11, "bert")
save("bertMultiLabel", BertForSequenceClassification(BertConfig(**of_bert, **multi_label)), 12, "bert", half=True)
save("roberta", RobertaForSequenceClassification(RobertaConfig(**of_roberta)), 13, "roberta", half=True)
save("distilBert", DistilBertForSequenceClassification(DistilBertConfig(**of_distil)), 14, "distilBert")
save("xlmRoberta", XLMRobertaForSequenceClassification(XLMRobertaConfig(**of_roberta)), 15, "roberta", half=True)

for name, head, query in [
    ("bert", ("bert.pooler", "classifier"), "bert.encoder.layer.0.attention.self.query.weight"),
    ("roberta", ("classifier",), "roberta.encoder.layer.0.attention.self.query.weight"),
    ("distilBert", ("pre_classifier", "classifier"), "distilbert.transformer.layer.0.attention.q_lin.weight"),
]:
    write(f"{name}.gradients.json", gradients(here / name, AutoTokenizer.from_pretrained(here / name), head, query))
