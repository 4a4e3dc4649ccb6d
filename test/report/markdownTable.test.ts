import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compare } from '../../src/report/comparison.ts';
import { markdownTable } from '../../src/report/markdownTable.ts';
import { readExperiment } from '../../src/tracking/results.ts';
import { writeMadeUpResults } from './madeUpResults.ts';

test('the comparison as Markdown', async () => {
  const comparison = compare(readExperiment(join(await writeMadeUpResults(), 'made-up')));
  expect(markdownTable(comparison)).toMatchInlineSnapshot(`
    "| temperature | weight | Δemb | Δcos | accuracy % | gain | macro F1 % | gain | ★ | n |
    | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | ---: |
    | original |  | 0 | 0 | 31.3 |  | 28.1 |  |  | 1 |
    | 0.05 | 1 | 0.0194 ± 0.0017 | 0.244 ± 0.021 | 34.3 ± 1.7 | +3.0 ± 1.7 | 31.3 ± 1.4 | +3.1 ± 1.4 | ★ | 3 |
    | 0.05 | 10 | 3.15e-4 ± 0.31e-4 | 0.00414 ± 0.00034 | 33.2 ± 0.6 | +1.9 ± 0.6 | 30.2 ± 0.4 | +2.1 ± 0.4 | ★ | 3 |
    | 0.1 | 1 | 0.0228 ± 0.0030 | 0.276 ± 0.030 | 33.7 ± 2.2 | +2.5 ± 2.2 | 30.6 ± 0.8 | +2.5 ± 0.8 |  | 2/3 |
    | 0.1 | 10 | 4.12e-5 | 5.38e-4 | 30.9 | -0.3 | 27.6 | -0.5 |  | 1/3 |

    - Δemb: mean squared change of a test text's embedding per dimension; 0: untouched. ±: 95 % t-interval over n seeds.
    - gain: points over the original encoder, paired by seed. ★: nothing gains as much macro F1 for as little Δemb.
    - not run yet: 1 of 13 cells; continue with: yarn sweep experiments/made-up.ts
    - diverged, left out of the means: temperature 0.1 · weight 1 · seed 2: the loss is NaN in step 4
    - failed: temperature 0.1 · weight 10 · seed 1: Error: out of memory"
  `);
});

test('a value with a bar does not break the table', async () => {
  const comparison = compare(readExperiment(join(await writeMadeUpResults(), 'made-up')));
  const points = comparison.points.map((point) => ({ ...point, axes: { encoder: 'a|b' } }));
  expect(markdownTable({ ...comparison, axes: ['encoder'], points })).toContain('| a\\|b |');
});
