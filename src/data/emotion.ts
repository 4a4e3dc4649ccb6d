import { labelledLinesSource } from './labelledLines.ts';

/** English tweets of six emotions (Saravia et al. 2018, EMNLP), in the split of dair-ai: lines `text;label`. */
export const emotion = labelledLinesSource({
  name: 'emotion',
  title: 'the emotion dataset',
  files: { train: 'train.txt', validation: 'val.txt', test: 'test.txt' },
  publishedAt: "dair-ai's public emotion dataset",
  separator: ';',
  labels: new Map(['sadness', 'joy', 'love', 'anger', 'fear', 'surprise'].map((name) => [name, name])),
  provenance: 'emotion (Saravia et al. 2018), split of dair-ai',
  licence: 'for educational and research purposes, as its publisher states',
});
