import { labelledLinesSource } from './labelledLines.ts';

/** Sentences of film reviews, negative or positive (Socher et al. 2013, EMNLP), sentence level: lines `text TAB 0|1`. */
export const sst2 = labelledLinesSource({
  name: 'sst2',
  title: 'SST-2 on sentence level',
  files: { train: 'train.tsv', validation: 'dev.tsv', test: 'test.tsv' },
  publishedAt: 'a public copy (6,920, 872 and 1,821 lines of text and 0 or 1)',
  separator: '\t',
  labels: new Map([
    ['0', 'negative'],
    ['1', 'positive'],
  ]),
  provenance: 'SST-2 (Socher et al. 2013), sentence level',
  licence: 'none found',
});
