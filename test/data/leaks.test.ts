import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeLeaks, leakReport } from '../../src/data/leaks.ts';
import { splitNames } from '../../src/data/source.ts';

const examples = (...pairs: [string, string][]) => pairs.map(([text, label]) => ({ text, label }));

it('counts repetitions, contradictions and texts in several splits', () => {
  const report = leakReport({
    train: examples(['a', 'joy'], ['a', 'joy'], ['b', 'joy'], ['b', 'fear'], ['b', 'joy'], ['c', 'joy']),
    validation: examples(['b', 'joy'], ['d', 'joy']),
    test: examples(['a', 'fear'], ['a', 'fear'], ['d', 'joy'], ['A', 'joy']),
  });
  expect(report).toEqual({
    repeated: { train: 3, validation: 0, test: 1 },
    conflicting: { train: 1, validation: 0, test: 0 },
    shared: [
      { of: 'validation', in: 'train', texts: 1 },
      { of: 'test', in: 'train', texts: 2 },
      { of: 'test', in: 'validation', texts: 1 },
    ],
  });
  expect(describeLeaks(report)).toEqual([
    'train: repeated texts 3, texts with conflicting labels 1',
    'test: repeated texts 1, texts with conflicting labels 0',
    'validation: texts that are also in train 1',
    'test: texts that are also in train 2',
    'test: texts that are also in validation 1',
  ]);
});

it('has nothing to say about texts that occur once', () => {
  const clean = { train: examples(['a', 'joy']), validation: examples(['b', 'joy']), test: examples(['c', 'joy']) };
  expect(describeLeaks(leakReport(clean))).toEqual([]);
});

it('agrees with counting pair by pair', () => {
  const split = fc.array(fc.record({ text: fc.constantFrom('a', 'b', 'c', 'd'), label: fc.constantFrom('x', 'y') }), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(fc.record({ train: split, validation: split, test: split }), (splits) => {
      const report = leakReport(splits);
      for (const name of splitNames) {
        const list = splits[name];
        const repeats = list.filter(({ text }, i) => list.slice(0, i).some((earlier) => earlier.text === text));
        expect(report.repeated[name]).toBe(repeats.length);
        const conflicts = list.filter(({ text, label }) => list.some((o) => o.text === text && o.label !== label));
        expect(report.conflicting[name]).toBe(new Set(conflicts.map(({ text }) => text)).size);
      }
      for (const leak of report.shared) {
        const shared = splits[leak.of].filter(({ text }) => splits[leak.in].some((other) => other.text === text));
        expect(leak.texts).toBe(shared.length);
      }
    }),
  );
});
