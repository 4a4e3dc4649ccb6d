import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { frontier, measured } from '../../../../src/dashboard/page/model/frontier.ts';
import { type MadeUpRun, madeUpModel, madeUpOriginal } from '../../madeUpSweep.ts';

const [cost, gain] = ['drift.deltaEmb', 'knn.macroF1'];

/** The front of runs, one a point, against originals. */
function frontOf(runs: readonly MadeUpRun[], originals: readonly MadeUpRun[] = [madeUpOriginal], x = cost, y = gain) {
  const model = madeUpModel([...originals, ...runs.map((run, i) => ({ axes: { x: i }, ...run }))]);
  return frontier(
    model,
    model.points.filter(({ kind }) => kind === 'retrofit'),
    x,
    y,
  );
}

const marks = (...given: Parameters<typeof frontOf>) => frontOf(...given).map(({ isOptimal }) => isOptimal);
const at = (drift: number, score: number): MadeUpRun => ({ metrics: { [cost]: drift, [gain]: score } });

describe('frontier', () => {
  test('has the points that neither another nor their original beats', () => {
    const place = fc.integer({ min: -3, max: 6 });
    const point = fc.record({ drift: fc.nat(6), score: place, original: fc.constantFrom('one', 'two', 'unknown') });
    fc.assert(
      fc.property(fc.array(point, { maxLength: 8 }), (list) => {
        const originals = ['one', 'two'].map((id, i) => ({ ...madeUpOriginal, id, ...at(0, i) }));
        const found = marks(
          list.map(({ drift, score, original }) => ({ ...at(drift, score), original })),
          originals,
        );
        for (const [i, own] of list.entries()) {
          const base = new Map([
            ['one', 0],
            ['two', 1],
          ]).get(own.original);
          let isBeaten = base === undefined;
          // An original neither moves nor gains.
          if (base !== undefined && (own.score < base || (own.score === base && own.drift > 0))) isBeaten = true;
          for (const other of list) {
            if (other.original !== own.original) continue;
            const isAsGood = other.drift <= own.drift && other.score >= own.score;
            if (isAsGood && (other.drift !== own.drift || other.score !== own.score)) isBeaten = true;
          }
          expect(found[i]).toBe(!isBeaten);
        }
      }),
    );
  });

  test('drifts stand as they are, other measures as gains in percentage points', () => {
    const [found] = frontOf([at(0.25, 0.625)]);
    expect(found).toMatchObject({ axes: { x: 0 }, original: 'original', isOptimal: true });
    expect(found?.place).toEqual({
      x: { mean: 0.25, low: 0.25, high: 0.25 },
      y: { mean: 12.5, low: 12.5, high: 12.5 },
    });
  });

  test('has intervals over seeds', () => {
    const seeds = [0.6, 0.62].map((score, i): MadeUpRun => ({ ...at(0.25, score), axes: {}, seed: i }));
    const place = frontOf(seeds)[0]?.place;
    expect(place?.y.mean).toBeCloseTo(11, 9);
    expect(place?.y.low).toBeCloseTo(11 - 12.7062047362, 6);
    expect(place?.y.high).toBeCloseTo(11 + 12.7062047362, 6);
  });

  test('a point without both measures has no place and is not on it', () => {
    const none: MadeUpRun[] = [
      {},
      { metrics: { [cost]: 1 } },
      { metrics: { [gain]: 1 } },
      at(Number.NaN, 9),
      at(0, Infinity),
    ];
    for (const own of frontOf([...none, at(1, 0.6)]).slice(0, none.length)) {
      expect(own.place).toBeUndefined();
      expect(own.isOptimal).toBe(false);
    }
    expect(marks([...none, at(1, 0.6)]).at(-1)).toBe(true);
    expect(frontOf([])).toEqual([]);
  });

  test('of measures the better direction counts', () => {
    const of = (cka: number, logLoss: number): MadeUpRun => ({ metrics: { 'drift.cka': cka, 'knn.logLoss': logLoss } });
    const original = { ...madeUpOriginal, ...of(1, 2) };
    // A CKA of 1 is no drift at all; a loss that falls is a gain.
    expect(
      marks([of(0.9, 1.5), of(0.8, 1.5), of(0.8, 1), of(0.95, 2.5)], [original], 'drift.cka', 'knn.logLoss'),
    ).toEqual([true, false, true, false]);
  });

  test('against an original whose drift is no number the points have each other', () => {
    const original = { ...madeUpOriginal, ...at(Number.NaN, 0.5) };
    expect(marks([at(1, 0.6), at(2, 0.6), at(3, 0.4)], [original])).toEqual([true, false, false]);
  });
});

test('a drift is measured as it is, the rest against the original encoder', () => {
  const model = madeUpModel([madeUpOriginal, at(0.25, 0.75)]);
  const point = model.points[1];
  if (!point) throw new Error('no point');
  expect(measured(model, point, cost)?.mean).toBe(0.25);
  expect(measured(model, point, gain)?.mean).toBe(0.25);
  expect(measured(model, point, 'sst2.drift.deltaEmb')).toBeUndefined();
});
