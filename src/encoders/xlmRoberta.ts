import type { Architecture } from './architecture.ts';
import { roberta } from './roberta.ts';

/**
 * XLM-RoBERTa (Conneau et al. 2020, arXiv:1911.02116), and so multilingual E5 and BGE-M3: RoBERTa with a vocabulary of a
 * hundred languages.
 */
export const xlmRoberta: Architecture = {
  ...roberta,
  modelType: 'xlm-roberta',
  sequenceClassifier: { ...roberta.sequenceClassifier, className: 'XLMRobertaForSequenceClassification' },
};
