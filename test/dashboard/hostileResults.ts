import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { contentId } from '../../src/sweep/cells.ts';
import { finiteOrName, type JournalRecord } from '../../src/tracking/journal.ts';
import { type ExperimentCell, writeExperimentFile } from '../../src/tracking/results.ts';

/** If it were taken for markup it would leave a trace. */
export const markup = '<img src=x onerror="globalThis.taken=1"><script>globalThis.taken=1</script>{a|b}';

/** Results in which every text that a run may bring is markup, and numbers are missing, NaN or infinite. */
export async function writeHostileResults(results: string): Promise<string> {
  const name = 'a <b onmouseover="globalThis.taken=1">name';
  const folder = join(results, name);
  const axis = 'head.<img src=x onerror="globalThis.taken=1">';
  const values = [markup, '__proto__', 'constructor'];
  const original: ExperimentCell = {
    id: contentId('original'),
    kind: 'original',
    axes: {},
    seed: null,
    original: null,
  };
  const cells = values.flatMap((value) =>
    [1, 2, 3].map(
      (seed): ExperimentCell => ({
        id: contentId([value, seed]),
        kind: 'retrofit',
        axes: { [axis]: value, weight: seed > 2 ? 1e300 : 0 },
        seed,
        original: original.id,
      }),
    ),
  );
  await writeExperimentFile(folder, {
    format: 1,
    name,
    file: markup,
    command: `yarn sweep ${markup}`,
    engine: [{ name: markup, detail: markup, device: 'cpu', threads: 1, precision: 'float32' }],
    points: cells.map(({ axes }) => ({ axes })),
    seeds: [1, 2, 3],
    cells: [original, ...cells],
  });
  const [failed, broken, torn, older, ...finished] = cells as [
    ExperimentCell,
    ExperimentCell,
    ExperimentCell,
    ExperimentCell,
  ];
  const write = (cell: ExperimentCell, text: string) => {
    const own = join(folder, 'cells', cell.id);
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, 'journal.jsonl'), text);
  };
  for (const [i, cell] of [original, ...finished].entries())
    write(cell, linesOf(cell, name, i).join('\n').concat('\n'));
  mkdirSync(join(folder, 'failed', failed.id), { recursive: true });
  writeFileSync(join(folder, 'failed', failed.id, 'error.txt'), `${markup}\n    at ${markup}\n`);
  write(broken, 'not JSON at all\n');
  write(torn, linesOf(torn, name, 1).join('\n').slice(0, -40));
  // Steps of another format between a start and an end of this one.
  const [start = '', ...rest] = linesOf(older, name, 1);
  write(older, [start, '{"type":"step","format":0,"loss":"one"}', '', rest.at(-1), ''].join('\n'));
  return name;
}

function linesOf(cell: ExperimentCell, experiment: string, i: number): string[] {
  const infinite = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const records: JournalRecord[] = [
    {
      type: 'start',
      format: 1,
      cell: cell.id,
      kind: cell.kind,
      experiment,
      axes: { ...cell.axes },
      seed: cell.seed,
      settings: { [markup]: markup },
      data: { name: markup, hash: markup },
      encoder: { name: markup, hash: markup },
      engine: { name: markup, detail: markup, device: 'cpu', precision: markup },
      code: markup,
      notes: [markup],
      wall: { at: markup },
    },
    ...[1, 2, 3, 4].map(
      (step): JournalRecord => ({
        type: 'step',
        step,
        epoch: 0,
        learningRate: 0.1,
        loss: step === 2 ? (infinite[i % 3] as number) : step,
        terms: { [markup]: step },
        gradientNorm: 0,
        counts: {},
        wall: { seconds: markup },
      }),
    ),
    {
      type: 'predictions',
      classifier: 'knn',
      labelNames: [markup, '', '__proto__'],
      truth: [0, 1, 2, 0],
      predicted: [0, 2, 2, i % 3],
      wall: {},
    },
    {
      type: 'end',
      status: 'completed',
      reason: markup,
      steps: 4,
      metrics: { 'drift.deltaEmb': i, 'knn.macroF1': i / 10, [markup]: infinite[i % 3] as number },
      wall: { seconds: 1 },
    },
  ];
  return records.map((record) => JSON.stringify(record, finiteOrName));
}
