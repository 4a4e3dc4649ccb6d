import fc from 'fast-check';
import { expect, it } from 'vitest';
import { softVote } from '../../src/evaluation/softVoting.ts';

/** Eighths are exact in a sum, and so in the mean of 1, 2 or 4, so that there are ties. */
const eighth = fc.nat(8).map((value) => value / 8);

const drawn = fc
  .record({ members: fc.constantFrom(1, 2, 4), texts: fc.nat(6), classes: fc.integer({ min: 1, max: 4 }) })
  .chain(({ members, texts, classes }) => {
    const arrayOf = <T>(value: fc.Arbitrary<T>, length: number) =>
      fc.array(value, { minLength: length, maxLength: length });
    return fc.record({
      classes: fc.constant(classes),
      members: arrayOf(
        fc.record({
          rows: arrayOf(arrayOf(eighth, classes), texts),
          thresholds: fc.option(arrayOf(eighth, classes), { nil: undefined }),
        }),
        members,
      ),
    });
  });

it('has the means, and by them the most likely classes, of equally likely ones the first', () => {
  fc.assert(
    fc.property(drawn, ({ classes, members }) => {
      const vote = softVote(
        members.map(({ rows, thresholds }) => ({ probabilities: { values: rows.flat(), classes }, thresholds })),
      );
      const labels = Array.from({ length: classes }, (_, label) => label);
      const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
      const rows = (members[0]?.rows ?? []).map((_, text) =>
        labels.map((label) => mean(members.map((member) => member.rows[text]?.[label] as number))),
      );
      expect([...vote.probabilities.values]).toEqual(rows.flat());
      expect(vote.probabilities.classes).toBe(classes);
      expect([...vote.predicted]).toEqual(rows.map((row) => row.indexOf(Math.max(...row))));
      expect(vote.thresholds).toEqual(
        labels.map((label) => mean(members.map(({ thresholds }) => thresholds?.[label] ?? 0.5))),
      );
    }),
  );
});

it('of probabilities in float32 takes the mean in float64', () => {
  const [one, two] = [Float32Array.of(0.1, 0.9), Float32Array.of(0.2, 0.8)];
  const vote = softVote([one, two].map((values) => ({ probabilities: { values, classes: 2 } })));
  expect(vote.probabilities.values).toEqual(
    Float64Array.of((Math.fround(0.1) + Math.fround(0.2)) / 2, (Math.fround(0.9) + Math.fround(0.8)) / 2),
  );
});

it.each([
  ['none', []],
  [
    'of other texts',
    [
      { values: [0.5, 0.5], classes: 2 },
      { values: [], classes: 2 },
    ],
  ],
  [
    'of other classes',
    [
      { values: [0.5, 0.5], classes: 2 },
      { values: [1, 1], classes: 1 },
    ],
  ],
])('refuses members %s', (_, members) => {
  expect(() => softVote(members.map((probabilities) => ({ probabilities })))).toThrow(RangeError);
});
