import { z } from 'zod';
import type { Architecture } from './architecture.ts';
import { bertLayerNames } from './bert.ts';
import { type EncoderConfig, field } from './config.ts';

/**
 * RoBERTa (Liu et al. 2019, arXiv:1907.11692): BERT whose positions count from `padId` + 1, as they did in fairseq, and
 * whose padding has position `padId`.
 */
export const roberta: Architecture = {
  modelType: 'roberta',
  prefix: 'roberta.',
  configSchema: z
    .looseObject({
      model_type: z.enum(['roberta', 'xlm-roberta']),
      vocab_size: field.size,
      hidden_size: field.size,
      num_hidden_layers: field.size,
      num_attention_heads: field.size,
      intermediate_size: field.size,
      max_position_embeddings: field.size,
      type_vocab_size: field.size.default(1),
      pad_token_id: field.tokenId.nullable().default(1),
      layer_norm_eps: field.epsilon.default(1e-12),
      hidden_dropout_prob: field.rate.default(0.1),
      attention_probs_dropout_prob: field.rate.default(0.1),
      classifier_dropout: field.rate.nullish(),
      hidden_act: field.activation.default('gelu'),
      position_embedding_type: field.positions,
    })
    .transform((file): EncoderConfig => {
      const padId = file.pad_token_id ?? 1;
      return {
        modelType: file.model_type,
        vocabularySize: file.vocab_size,
        hiddenSize: file.hidden_size,
        layers: file.num_hidden_layers,
        heads: file.num_attention_heads,
        intermediateSize: file.intermediate_size,
        positions: file.max_position_embeddings,
        tokenTypes: file.type_vocab_size,
        padId,
        maxLength: file.max_position_embeddings - padId - 1,
        layerNormEpsilon: file.layer_norm_eps,
        dropout: {
          hidden: file.hidden_dropout_prob,
          attention: file.attention_probs_dropout_prob,
          classifier: file.classifier_dropout ?? file.hidden_dropout_prob,
        },
      };
    }),
  layerNames: bertLayerNames,
  positionIds({ ids, length }, { padId }) {
    let position = padId;
    return ids.map((id, i) => {
      if (i % length === 0) position = padId;
      // By id and not by mask, as transformers does it: a padding token that was written in the text does not count.
      return id === padId ? padId : ++position;
    });
  },
  dropsAttentionOutput: true,
  sequenceClassifier: {
    hidden: 'classifier.dense',
    activation: 'tanh',
    output: 'classifier.out_proj',
    dropsInput: true,
    isOfEncoder: false,
    className: 'RobertaForSequenceClassification',
  },
};
