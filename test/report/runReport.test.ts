import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { changedSettings } from '../../src/report/changedSettings.ts';
import { runReport } from '../../src/report/runReport.ts';
import { noColours } from '../../src/report/terminal.ts';
import type { EventRecord } from '../../src/tracking/journal.ts';
import { type Run, readRun } from '../../src/tracking/results.ts';
import { cellId, originalId, writeMadeUpResults } from './madeUpResults.ts';

let cells: string;

beforeAll(async () => {
  cells = join(await writeMadeUpResults(), 'made-up', 'cells');
});

function report(id: string, change: (run: Run) => Run = (run) => run, classifier?: string): string {
  const run = change({ ...readRun(join(cells, id)), folder: 'results/made-up/cells/…' });
  const changed = changedSettings(run.start.settings, Object.keys(run.start.axes));
  const original = readRun(join(cells, originalId));
  const parts = { run, changed, ...(classifier !== undefined && { classifier }) };
  return runReport({ ...parts, ...(run.start.kind === 'retrofit' && { original }) }, noColours);
}

test('a retrofitted run', () => {
  expect(report(cellId(0, 1))).toMatchInlineSnapshot(`
    "Run
      place    made-up: temperature 0.05 · weight 1 · seed 1
      status   completed after 4 steps in 12 s
      started  2026-11-21 06:54 UTC
      encoder  mini (eeeeeeeeeeee)
      data     embedded (dddddddddddd)
      engine   tensorflow (libtensorflow 2.21.0, CPU), float32
      code     0.1.0+abc1234
      folder   results/made-up/cells/…

    Settings other than the defaults
      objective.supCon.temperature              0.05  (axis)
      objective.vectorSpacePreservation.weight  1  (axis)
      sampler.kind                              mPerClass
      sampler.batchSize                         32
      training.steps                            4
      training.learningRate                     0.0003
      training.conflictEvery                    2

    Training, 4 steps
    what                     first  least     last  course
    ──────────────────────────────────────────────────────
    loss                      3.50   2.50     2.50  █▆▅▁
    supCon                    3.50   2.50     2.50  █▆▅▁
    vectorSpacePreservation      0      0  0.00300  ▁▃▆█
    gradient norm             1.50   1.50     1.50  ▁▁▁▁

    Gradients of the terms, measured 2 times
    what                                   first   least    last  course
    ────────────────────────────────────────────────────────────────────
    cosine supCon·vectorSpacePreservation      0  -0.250  -0.250  █▁
    norm supCon                             1.25    1.25    1.25  ▁▁
    norm vectorSpacePreservation           0.500   0.500   0.500  ▁▁

    Validation
    step  accuracy %  macro F1 %     Δemb
    ─────────────────────────────────────
       2        26.0        20.0  0.00400
       4        28.0        20.0   0.0120

    Result on the test texts
    metric          value  original  difference
    ───────────────────────────────────────────
    accuracy %  ↑    34.1      31.3        +2.9
    macro F1 %  ↑    31.2      28.1        +3.1
    Δemb        ↓  0.0193         0     +0.0193
    Δcos        ↓   0.242         0      +0.242
    ↑: higher is to be preferred; ↓: lower.

    Notes
      3 texts cut to 128 tokens"
  `);
});

test('an original has a result, but no training', () => {
  const text = report(originalId);
  expect(text).toContain('place    made-up: original encoder');
  expect(text).toMatch(/Result on the test texts\nmetric +value\n/);
  expect(text).not.toMatch(/Training|Gradients|Validation|Notes/);
});

test('a run that diverged says why, and its course shows it', () => {
  const text = report(cellId(2, 2));
  expect(text).toContain('status   diverged after 4 steps in 12 s: the loss is NaN in step 4');
  expect(text).toMatch(/supCon +3\.50 +3\.00 +NaN +█▅▁×/);
});

test('where the time went', () => {
  const event = (name: EventRecord['event'], seconds: number): EventRecord => ({
    type: 'event',
    event: name,
    wall: { seconds },
  });
  const events = [event('training', 0.5), event('evaluating', 7), event('saving', 9.2), event('fineTuning', 9.21)];
  expect(report(cellId(0, 1), (run) => ({ ...run, events }))).toContain(
    '  time     loading 0.5 s, training 6.5 s, evaluating 2.2 s, fine-tuning 3.1 s\n',
  );
  expect(report(cellId(0, 1))).not.toContain('  time ');
  const untimed = events.map((own) => ({ ...own, wall: {} }));
  expect(report(cellId(0, 1), (run) => ({ ...run, events: untimed }))).not.toContain('  time ');
});

test('of many validations some are shown, the first and the last among them', () => {
  const text = report(cellId(0, 1), (run) => ({
    ...run,
    validations: Array.from({ length: 100 }, (_, i) => ({
      type: 'validation',
      step: i + 1,
      metrics: { 'knn.macroF1': 0.2 },
      wall: {},
    })),
  }));
  const steps = [...text.matchAll(/^ *(\d+) +20\.0$/gm)].map(([, step]) => Number(step));
  expect(steps).toHaveLength(8);
  expect(steps).toEqual(expect.arrayContaining([1, 100]));
  expect(text).toContain('8 of 100 validations');
});

const predictions = (classifier: string) => ({
  type: 'predictions' as const,
  classifier,
  labelNames: ['joy', 'fear', 'anger'],
  truth: [0, 0, 1, 1, 1],
  predicted: [0, 1, 1, 1, 0],
  wall: {},
});

test('the scores of a classifier by class, and its mistakes', () => {
  const text = report(cellId(0, 1), (run) => ({ ...run, predictions: [predictions('knn'), predictions('sst2.knn')] }));
  expect(text.slice(text.indexOf('By class'))).toMatchInlineSnapshot(`
    "By class: knn
    class          precision %  recall %  F1 %  texts
    ─────────────────────────────────────────────────
    joy                   50.0      50.0  50.0      2
    fear                  66.7      66.7  66.7      3
    accuracy                              60.0      5
    macro mean            58.3      58.3  58.3      5
    weighted mean         60.0      60.0  60.0      5
    ROC-AUC of the predictions, (recall + specificity) / 2: macro 58.3, weighted 58.3
    Others with --classifier: sst2.knn

    Confusion matrix: knn
    is     joy  fear  anger
    ───────────────────────
    joy      1     1      ·
    fear     1     2      ·
    anger    ·     ·      ·

    Most frequent mistakes: knn
    is    taken for  texts  % of the class
    ──────────────────────────────────────
    joy   fear           1            50.0
    fear  joy            1            33.3

    Notes
      3 texts cut to 128 tokens"
  `);
});

test('rows of the confusion matrix are the true classes', () => {
  const labelNames = Array.from({ length: 10 }, (_, label) => `class ${label}`);
  const truth = labelNames.flatMap((_, label) => Array<number>(label + 1).fill(label));
  const withClasses = (names: readonly string[]) => (run: Run) => ({
    ...run,
    predictions: [
      { ...predictions('knn'), labelNames: [...names], truth, predicted: truth.map((label) => (label + 1) % 10) },
    ],
  });
  const text = report(cellId(0, 1), withClasses(labelNames));
  for (const [label, name] of labelNames.entries()) {
    const cells = labelNames.map((_, other) => (other === (label + 1) % 10 ? String(label + 1) : '·'));
    const row = [name, ...cells].join(' +').replaceAll('·', '\\·');
    expect(text).toMatch(new RegExp(`^${row}$`, 'm'));
  }
  const more = report(cellId(0, 1), withClasses([...labelNames, 'class 10']));
  expect(more).toContain('Most frequent mistakes: knn');
  expect(more).not.toContain('Confusion matrix');
});

test('a run without mistakes has a matrix too', () => {
  const perfect = { ...predictions('knn'), predicted: predictions('knn').truth };
  const text = report(cellId(0, 1), (run) => ({ ...run, predictions: [perfect] }));
  expect(text).toContain('Confusion matrix: knn');
  expect(text).not.toContain('Most frequent mistakes');
});

test('by default the trained classifier is shown, where there is one', () => {
  const both = (run: Run) => ({ ...run, predictions: [predictions('knn'), predictions('classifier')] });
  const byDefault = report(cellId(0, 1), both);
  for (const line of ['By class: classifier', 'Others with --classifier: knn', 'Confusion matrix: classifier']) {
    expect(byDefault.split('\n')).toContain(line);
  }
  expect(report(cellId(0, 1), both, 'knn').split('\n')).toContain('Others with --classifier: classifier');
  const one = (run: Run) => ({ ...run, predictions: [predictions('sst2.knn'), predictions('knn')] });
  expect(report(cellId(0, 1), one)).toContain('By class: knn\n');
});

test('what the trained classifier says of the experiment’s sentences', () => {
  const examples = {
    type: 'examples' as const,
    labelNames: ['joy', 'fear', 'anger', 'surprise'],
    texts: ['I could dance.', 'Do not speak to her.'],
    probabilities: [
      [0.7, 0.05, 0.05, 0.2],
      [0.004, 0.25, 0.5, 0.246],
    ],
    wall: {},
  };
  const text = report(cellId(0, 1), (run) => ({ ...run, examples }));
  const section = text.slice(text.indexOf('\nExamples\n') + 1, text.indexOf('\n\nNotes'));
  expect(section).toMatchInlineSnapshot(`
    "Examples
    sentence              most likely
    ──────────────────────────────────────────────────────────
    I could dance.        joy 70 %, surprise 20 %, fear 5 %
    Do not speak to her.  anger 50 %, fear 25 %, surprise 25 %"
  `);
  expect(report(cellId(0, 1))).not.toContain('Examples');
});

test('which layers moved', () => {
  const layers = {
    type: 'layers' as const,
    texts: 100,
    drift: [
      { deltaEmb: 0, deltaCos: 0, cka: 1 },
      { deltaEmb: 0.01234, deltaCos: 0.05, cka: 0.98765 },
      { deltaEmb: 0.02, deltaCos: 0.1, cka: 0.9 },
    ],
    wall: {},
  };
  const text = report(cellId(0, 1), (run) => ({ ...run, layers }));
  const section = text.slice(text.indexOf('Drift by layer'), text.indexOf('\n\n', text.indexOf('Drift by layer')));
  expect(section).toMatchInlineSnapshot(`
    "Drift by layer, 100 test texts
    after         Δemb    Δcos    CKA
    ─────────────────────────────────────────────────────────────────
    embeddings       0       0   1.00
    layer 1     0.0123  0.0500  0.988  ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇
    layer 2     0.0200   0.100  0.900  ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇"
  `);
});

test('a classifier that the run does not have', () => {
  const change = (run: Run) => ({ ...run, predictions: [predictions('knn')] });
  expect(() => report(cellId(0, 1), change, 'kn')).toThrow(
    'CLASSIFIER_UNKNOWN: --classifier kn; expected one of knn. Name one of them. Did you mean "knn"?',
  );
});
