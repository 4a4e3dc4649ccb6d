import { z } from 'zod';

/** What the forward pass needs to know of a Hugging Face `config.json`, under one set of names. */
export interface EncoderConfig {
  readonly modelType: 'bert' | 'roberta' | 'xlm-roberta' | 'distilbert';
  readonly vocabularySize: number;
  /** Width d of the hidden states. */
  readonly hiddenSize: number;
  readonly layers: number;
  /** Attention heads; a divisor of `hiddenSize`. */
  readonly heads: number;
  /** Width of the feed-forward layer. */
  readonly intermediateSize: number;
  /** Rows of the position table. */
  readonly positions: number;
  /** Rows of the token type table; 0 where there is none. */
  readonly tokenTypes: number;
  readonly padId: number;
  /** The longest text, in tokens with the special ones. */
  readonly maxLength: number;
  readonly layerNormEpsilon: number;
  /** Rates used in training unless the experiment says otherwise. */
  readonly dropout: {
    readonly hidden: number;
    readonly attention: number;
    /** Of the sequence classification head. */
    readonly classifier: number;
  };
}

/** Fields of `config.json`. */
export const field = {
  size: z.int().positive(),
  tokenId: z.int().nonnegative(),
  rate: z.number().min(0).lt(1),
  epsilon: z.number().positive(),
  /** The exact GELU by erf, the only activation that the published BERT, RoBERTa and DistilBERT use. */
  activation: z.literal('gelu'),
  /** Learned absolute positions. */
  positions: z.literal('absolute').optional(),
};
