import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MetricRecord } from '../../src/wandb/record.ts';
import { MetricSummary } from '../../src/wandb/summary.ts';

const values = fc
  .oneof(fc.double(), fc.integer({ min: -3, max: 3 }), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY))
  .map((value) => value + 0);

/** By sorting, without what is not a number; that only where there is nothing else. */
function naive({ summary = {}, goal }: MetricRecord, series: readonly number[]): unknown {
  const sorted = series.filter((value) => !Number.isNaN(value)).toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const [least = Number.NaN] = sorted;
  const greatest = sorted.at(-1) ?? Number.NaN;
  const all = { min: least, max: greatest, best: goal === 2 ? greatest : least, last: series.at(-1) };
  return Object.fromEntries(Object.entries(all).filter(([name]) => summary[name as keyof typeof summary]));
}

test('holds of each metric what its definition asks for, and the last of the others', () => {
  const flag = fc.boolean();
  const definition = fc.record({
    summary: fc.record({ min: flag, max: flag, best: flag, last: flag }),
    goal: fc.constantFrom(1 as const, 2 as const),
  });
  fc.assert(
    fc.property(definition, fc.array(values, { minLength: 1 }), fc.boolean(), (definition, series, late) => {
      const metric: MetricRecord = { name: 'defined', ...definition };
      const summary = new MetricSummary();
      if (!late) summary.define(metric);
      summary.define({ name: 'plain' });
      for (const [i, value] of series.entries()) {
        if (i === 0 && late) summary.define(metric);
        summary.take({ defined: value, plain: value, ...(i % 2 === 0 && { sometimes: i }) });
        const media = { _type: 'table-file', path: 'a' };
        if (i === 1) summary.take({ media });
        expect(Object.fromEntries(summary.entries)).toEqual({
          ...{ defined: naive(metric, series.slice(0, i + 1)), plain: value, sometimes: i - (i % 2) },
          ...(i >= 1 && { media }),
        });
      }
    }),
  );
});

test('takes what is set over what rows say, and texts as they are', () => {
  const summary = new MetricSummary();
  summary.define({ name: 'a', summary: { min: true }, goal: 1 });
  summary.take({ a: 2, b: 'text' });
  summary.set('_wandb', { runtime: 3 });
  summary.set('b', null);
  expect(summary.entries).toEqual([
    ['a', { min: 2 }],
    ['b', null],
    ['_wandb', { runtime: 3 }],
  ]);
});
