"""Makes the golden files of the encoder tests.

    python make.py [folder of all-MiniLM-L6-v2]

Written with torch 2.15, transformers 5.23, tokenizers as installed with it. Everything is drawn from fixed seeds.

One tiny model of each architecture with random weights, a tokeniser trained on text/golden/sentences.json (that of xlmRoberta,
by SentencePiece 0.2, on text/golden/multilingual.json and the embedded corpus), and its reference values, computed by
`transformers` in float64:
    <architecture>/         a Hugging Face folder: bert (one float32 file), roberta (float16, names with a prefix and a
                            language-model head), distilBert (float32, sharded), xlmRoberta (float16)
    <architecture>.reference.safetensors
        ids, types, mask    [batch, length] the input
        weighting           [batch, length, width]; the loss is the sum of weighting * hidden states over real tokens
        hidden              [batch, length, width] the last hidden states
        gradient.<tensor>   the loss's gradient, named as in the model's file
all-MiniLM-L6-v2.reference.safetensors: ids, mask and hidden states of three of the sentences (float32).
"""

import json
import sys
import tempfile
from pathlib import Path

import sentencepiece
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    AddedToken,
    AutoModel,
    AutoTokenizer,
    BertConfig,
    BertModel,
    DistilBertConfig,
    DistilBertModel,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForMaskedLM,
    XLMRobertaConfig,
    XLMRobertaModel,
    XLMRobertaTokenizer,
)

here = Path(__file__).parent
sentences = json.loads((here / "../../text/golden/sentences.json").read_text())
multilingual = [text for texts in json.loads((here / "../../text/golden/multilingual.json").read_text()).values() for text in texts]
WIDTH, LAYERS, HEADS, INNER, VOCABULARY = 32, 2, 4, 48, 400
LENGTH = 24


def word_piece():
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(sentences, trainers.WordPieceTrainer(vocab_size=VOCABULARY, special_tokens=special, show_progress=False))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]"
    )


def byte_level_bpe():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        sentences, trainers.BpeTrainer(vocab_size=VOCABULARY, special_tokens=special, initial_alphabet=alphabet, show_progress=False)
    )
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", pad_token="<pad>", eos_token="</s>", cls_token="<s>", sep_token="</s>",
        unk_token="<unk>", mask_token="<mask>",
    )


def sentence_piece():
    """A Unigram tokeniser with the layout of XLM-RoBERTa's: fairseq's first four ids, and <mask> behind the pieces."""
    corpus = [json.loads(line)["utterance"] for line in (here / "../../../src/data/embedded/utterances.jsonl").open()]
    with tempfile.TemporaryDirectory() as folder:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(corpus + 4 * multilingual), model_prefix=f"{folder}/sentencepiece.bpe", model_type="unigram",
            normalization_rule_name="nmt_nfkc", vocab_size=1500, num_threads=1, minloglevel=2,
        )
        # As published, <mask> takes the spaces before it.
        mask = AddedToken("<mask>", lstrip=True, normalized=False, special=True)
        tokenizer = XLMRobertaTokenizer.from_pretrained(folder, mask_token=mask)
    for setting in ["is_local", "local_files_only"]:
        tokenizer.init_kwargs.pop(setting, None)
    return tokenizer


def randomise(model, seed):
    """Weights large enough for every part of the network to matter, unlike a fresh model's."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        is_norm_weight = "norm" in name.lower() and name.endswith("weight")
        parameter.data = 1 + 0.2 * noise if is_norm_weight else 0.25 * noise
    return model.eval()


def inputs(tokenizer, chosen, length=LENGTH):
    batch = tokenizer(chosen, padding=True, truncation=True, max_length=length, return_tensors="pt")
    return batch["input_ids"], batch["attention_mask"]


def reference(model, encoder, ids, mask, types, seed):
    model, encoder = model.double(), encoder.double()
    arguments = {"input_ids": ids, "attention_mask": mask}
    if types is not None:
        arguments["token_type_ids"] = types
    hidden = encoder(**arguments).last_hidden_state
    weighting = torch.randn(hidden.shape, generator=torch.Generator().manual_seed(seed))
    (hidden * weighting.double() * mask[..., None]).sum().backward()
    result = {"ids": ids, "mask": mask, "types": torch.zeros_like(ids) if types is None else types}
    result = {name: value.int().contiguous() for name, value in result.items()}
    result |= {"weighting": weighting, "hidden": hidden.detach().float().contiguous()}
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            result[f"gradient.{name}"] = parameter.grad.float().contiguous()
    return result


def save(name, model, encoder, tokenizer, types=None, texts=[sentences[i] for i in (0, 1, 2, 5, 8)], **options):
    folder = here / name
    model.save_pretrained(folder, **options)
    tokenizer.save_pretrained(folder)
    ids, mask = inputs(tokenizer, texts)
    save_file(reference(model, encoder, ids, mask, types(ids) if types else None, seed=7), here / f"{name}.reference.safetensors")


common = {"hidden_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "intermediate_size": INNER}

tokenizer = word_piece()
bert = randomise(BertModel(BertConfig(vocab_size=len(tokenizer), max_position_embeddings=40, **common)), 1)
save("bert", bert, bert, tokenizer, types=lambda ids: (torch.arange(ids.shape[1]) > 9).long().expand_as(ids))

distil = randomise(
    DistilBertModel(DistilBertConfig(vocab_size=len(tokenizer), max_position_embeddings=40, dim=WIDTH, n_layers=3, n_heads=HEADS, hidden_dim=INNER)), 2
)
save("distilBert", distil, distil, tokenizer, max_shard_size="60kB")

tokenizer = byte_level_bpe()
config = RobertaConfig(
    vocab_size=len(tokenizer), max_position_embeddings=42, type_vocab_size=1, layer_norm_eps=1e-5,
    bos_token_id=0, pad_token_id=1, eos_token_id=2, **common,
)
roberta = randomise(RobertaForMaskedLM(config), 3).half()
save("roberta", roberta, roberta.roberta, tokenizer)

tokenizer = sentence_piece()
config = XLMRobertaConfig(
    vocab_size=len(tokenizer), max_position_embeddings=42, type_vocab_size=1, layer_norm_eps=1e-5,
    bos_token_id=0, pad_token_id=1, eos_token_id=2, **common,
)
xlm_roberta = randomise(XLMRobertaModel(config), 4).half()
save("xlmRoberta", xlm_roberta, xlm_roberta, tokenizer, texts=["", *multilingual[:160:40]])

if len(sys.argv) > 1:
    tokenizer, model = AutoTokenizer.from_pretrained(sys.argv[1]), AutoModel.from_pretrained(sys.argv[1], dtype=torch.float32)
    batch = tokenizer([sentences[i] for i in (0, 4, 6)], padding=True, return_tensors="pt")
    with torch.no_grad():
        hidden = model(**batch).last_hidden_state
    save_file(
        {"ids": batch["input_ids"].int(), "mask": batch["attention_mask"].int(), "hidden": hidden},
        here / "all-MiniLM-L6-v2.reference.safetensors",
    )
