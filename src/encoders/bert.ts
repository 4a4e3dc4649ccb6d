import { z } from 'zod';
import type { Architecture, LayerNames } from './architecture.ts';
import { type EncoderConfig, field } from './config.ts';

/** BERT (Devlin et al. 2019, arXiv:1810.04805), and so MiniLM, the E5, GTE and BGE families up to base size, and others. */
export const bert: Architecture = {
  modelType: 'bert',
  prefix: 'bert.',
  configSchema: z
    .looseObject({
      model_type: z.literal('bert'),
      vocab_size: field.size,
      hidden_size: field.size,
      num_hidden_layers: field.size,
      num_attention_heads: field.size,
      intermediate_size: field.size,
      max_position_embeddings: field.size,
      type_vocab_size: field.size.default(2),
      pad_token_id: field.tokenId.nullable().default(0),
      layer_norm_eps: field.epsilon.default(1e-12),
      hidden_dropout_prob: field.rate.default(0.1),
      attention_probs_dropout_prob: field.rate.default(0.1),
      classifier_dropout: field.rate.nullish(),
      hidden_act: field.activation.default('gelu'),
      position_embedding_type: field.positions,
    })
    .transform(
      (file): EncoderConfig => ({
        modelType: 'bert',
        vocabularySize: file.vocab_size,
        hiddenSize: file.hidden_size,
        layers: file.num_hidden_layers,
        heads: file.num_attention_heads,
        intermediateSize: file.intermediate_size,
        positions: file.max_position_embeddings,
        tokenTypes: file.type_vocab_size,
        padId: file.pad_token_id ?? 0,
        maxLength: file.max_position_embeddings,
        layerNormEpsilon: file.layer_norm_eps,
        dropout: {
          hidden: file.hidden_dropout_prob,
          attention: file.attention_probs_dropout_prob,
          classifier: file.classifier_dropout ?? file.hidden_dropout_prob,
        },
      }),
    ),
  layerNames: bertLayerNames,
  positionIds: ({ ids, length }) => ids.map((_, i) => i % length),
  dropsAttentionOutput: true,
  sequenceClassifier: {
    hidden: 'pooler.dense',
    activation: 'tanh',
    output: 'classifier',
    dropsInput: false,
    isOfEncoder: true,
    className: 'BertForSequenceClassification',
  },
};

/** Also RoBERTa's. */
export function bertLayerNames(layer: number): LayerNames {
  const prefix = `encoder.layer.${layer}`;
  return {
    query: `${prefix}.attention.self.query`,
    key: `${prefix}.attention.self.key`,
    value: `${prefix}.attention.self.value`,
    attentionOutput: `${prefix}.attention.output.dense`,
    attentionNorm: `${prefix}.attention.output.LayerNorm`,
    intermediate: `${prefix}.intermediate.dense`,
    output: `${prefix}.output.dense`,
    outputNorm: `${prefix}.output.LayerNorm`,
  };
}
