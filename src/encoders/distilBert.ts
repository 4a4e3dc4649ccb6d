import { z } from 'zod';
import type { Architecture } from './architecture.ts';
import { bert } from './bert.ts';
import { type EncoderConfig, field } from './config.ts';

/** DistilBERT (Sanh et al. 2019, arXiv:1910.01108): BERT without token types, and without dropout after attention. */
export const distilBert: Architecture = {
  modelType: 'distilbert',
  prefix: 'distilbert.',
  configSchema: z
    .looseObject({
      model_type: z.literal('distilbert'),
      vocab_size: field.size,
      dim: field.size,
      n_layers: field.size,
      n_heads: field.size,
      hidden_dim: field.size,
      max_position_embeddings: field.size.default(512),
      pad_token_id: field.tokenId.nullable().default(0),
      dropout: field.rate.default(0.1),
      attention_dropout: field.rate.default(0.1),
      seq_classif_dropout: field.rate.default(0.2),
      activation: field.activation.default('gelu'),
    })
    .transform(
      (file): EncoderConfig => ({
        modelType: 'distilbert',
        vocabularySize: file.vocab_size,
        hiddenSize: file.dim,
        layers: file.n_layers,
        heads: file.n_heads,
        intermediateSize: file.hidden_dim,
        positions: file.max_position_embeddings,
        tokenTypes: 0,
        padId: file.pad_token_id ?? 0,
        maxLength: file.max_position_embeddings,
        layerNormEpsilon: 1e-12,
        dropout: { hidden: file.dropout, attention: file.attention_dropout, classifier: file.seq_classif_dropout },
      }),
    ),
  layerNames(layer) {
    const prefix = `transformer.layer.${layer}`;
    return {
      query: `${prefix}.attention.q_lin`,
      key: `${prefix}.attention.k_lin`,
      value: `${prefix}.attention.v_lin`,
      attentionOutput: `${prefix}.attention.out_lin`,
      attentionNorm: `${prefix}.sa_layer_norm`,
      intermediate: `${prefix}.ffn.lin1`,
      output: `${prefix}.ffn.lin2`,
      outputNorm: `${prefix}.output_layer_norm`,
    };
  },
  positionIds: bert.positionIds,
  dropsAttentionOutput: false,
  sequenceClassifier: {
    hidden: 'pre_classifier',
    activation: 'relu',
    output: 'classifier',
    dropsInput: false,
    isOfEncoder: false,
    className: 'DistilBertForSequenceClassification',
  },
};
