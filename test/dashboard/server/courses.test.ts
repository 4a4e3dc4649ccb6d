import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CourseReader, coursesOf, extremesOf } from '../../../src/dashboard/server/courses.ts';
import { finiteOrName, type JournalRecord } from '../../../src/tracking/journal.ts';
import { temporaryFolder } from '../../report/madeUpResults.ts';

const line = (record: JournalRecord) => `${JSON.stringify(record, finiteOrName)}\n`;

function stepLine(step: number, loss: number): string {
  return line({
    type: 'step',
    step,
    epoch: Math.floor(step / 10),
    learningRate: 0.1,
    loss,
    terms: {},
    gradientNorm: 1,
    counts: {},
    wall: { seconds: 0.5 },
  });
}

const folder = temporaryFolder();
const journal = join(folder, 'journal.jsonl');

function lossesOf(text: string, reader = new CourseReader()) {
  writeFileSync(journal, text);
  const courses = new Map([['run', reader.read(journal)]]);
  return { series: coursesOf(courses, 'train/loss').series.run, extremes: extremesOf(courses, 'train/loss').run };
}

describe('The course of a run', () => {
  test('has the step, the epoch and the seconds of each value', () => {
    const validation = line({ type: 'validation', step: 12, metrics: { 'knn.macroF1': 0.5 }, wall: {} });
    writeFileSync(journal, stepLine(1, 3) + stepLine(12, 2) + validation + stepLine(13, 1));
    const courses = new Map([['run', new CourseReader().read(journal)]]);
    expect(coursesOf(courses, 'validation/knn/macroF1').series.run).toEqual({
      ...{ step: [12], epoch: [1], seconds: [1], value: [0.5] },
    });
    expect(coursesOf(courses, 'train/loss').series.run?.seconds).toEqual([0.5, 1, 1.5]);
    expect(coursesOf(courses, 'nothing').series).toEqual({});
  });

  test('grows with its journal', () => {
    const reader = new CourseReader();
    expect(lossesOf(stepLine(1, 3), reader).series?.value).toEqual([3]);
    appendFileSync(journal, stepLine(2, 4).slice(0, -9));
    expect(coursesOf(new Map([['run', reader.read(journal)]]), 'train/loss').series.run?.value).toEqual([3]);
    appendFileSync(journal, stepLine(2, 4).slice(-9));
    expect(coursesOf(new Map([['run', reader.read(journal)]]), 'train/loss').series.run?.value).toEqual([3, 4]);
  });

  test('is what there is between lines that are none', () => {
    const { series } = lossesOf(`${stepLine(1, 3)}{"type":"step"}\n\0\n\n${stepLine(2, 4)}{"type":"ste`);
    expect(series?.value).toEqual([3, 4]);
  });

  test('keeps every spike and whatever is not finite when it is long', () => {
    const losses = Array.from({ length: 20_000 }, (_, i) => Math.sin(i / 500));
    losses[7777] = 1000;
    losses[12_345] = -1000;
    losses[5] = Number.NaN;
    losses[19_998] = Number.POSITIVE_INFINITY;
    const { series: alone, extremes } = lossesOf(losses.map((loss, i) => stepLine(i + 1, loss)).join(''));
    expect(alone?.step).toHaveLength(20_000);
    const course = new CourseReader().read(journal);
    const many = coursesOf(new Map(Array.from({ length: 100 }, (_, i) => [`${i}`, course])), 'train/loss');
    expect(many.isThinned).toBe(true);
    const series = many.series[99];
    expect(series?.step.length).toBeLessThan(3100);
    expect(series?.step).toEqual(expect.arrayContaining([1, 6, 7778, 12_346, 19_999, 20_000]));
    expect(series?.step).toEqual(series?.step.toSorted((a, b) => a - b));
    expect(extremes).toEqual({ min: -1000, max: 1000, last: losses[19_999] });
  });

  test('has the least, greatest and last finite value', () => {
    const values = fc.array(
      fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(Number.NaN, 1 / 0, -1 / 0)),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(values, (losses) => {
        const finite = losses.filter((loss) => Number.isFinite(loss)).map((loss) => loss + 0);
        const [none] = [null];
        expect(lossesOf(losses.map((loss, i) => stepLine(i + 1, loss)).join('')).extremes).toEqual({
          min: finite.length > 0 ? finite.toSorted((a, b) => a - b)[0] : none,
          max: finite.length > 0 ? finite.toSorted((a, b) => b - a)[0] : none,
          last: finite.at(-1) ?? none,
        });
      }),
      { numRuns: 200 },
    );
  });
});

test('Courses that were not looked at for long are read again, whatever their number', () => {
  const reader = new CourseReader(3000);
  const paths = [0, 1, 2, 3].map((i) => join(folder, `${i}.jsonl`));
  for (const [i, path] of paths.entries()) {
    writeFileSync(path, Array.from({ length: 100 }, (_, step) => stepLine(step + 1, i)).join(''));
  }
  const first = paths.map((path) => reader.read(path));
  expect(first.map((course) => course.size)).toEqual([1300, 1300, 1300, 1300]);
  // Two fit: the last ones.
  expect(reader.read(paths[3] ?? '')).toBe(first[3]);
  expect(reader.read(paths[2] ?? '')).toBe(first[2]);
  expect(reader.read(paths[0] ?? '')).not.toBe(first[0]);
  expect(reader.read(paths[2] ?? '')).toBe(first[2]);
  expect(reader.read(paths[3] ?? '')).not.toBe(first[3]);
});
