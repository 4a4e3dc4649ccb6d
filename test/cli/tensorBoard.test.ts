import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readJournal, withoutWall } from '../../src/tracking/journal.ts';
import { readExperiment } from '../../src/tracking/results.ts';
import { availableEngines } from '../engine/engines.ts';
import { expectedScalars, valuesIn } from '../tracking/eventFile.ts';
import { onePoint, root, scratchFolder, stampsIn, sweep, tiny } from './command.ts';

const scratch = scratchFolder();

/** The finished runs of a results folder: where they lie and what their journals hold. */
function runsIn(out: string) {
  return readExperiment(join(out, 'tiny')).cells.map(({ cell, outcome }) => {
    if (outcome.state !== 'finished') throw new Error(`${cell.id} is ${outcome.state}`);
    const { folder } = outcome.run;
    return { id: cell.id, folder, records: readJournal(join(folder, 'journal.jsonl')) };
  });
}

describe.skipIf(!availableEngines.includes('tensorflow'))('--tensorboard', { timeout: 300_000 }, () => {
  it("writes each cell's journal as an event file, with how far each text moved, and changes no number", async () => {
    const [plain, drawn] = [join(scratch, 'plain'), join(scratch, 'drawn')];
    const args = [tiny, ...onePoint, '--engine', 'tensorflow'];
    const [without, wanted] = await Promise.all([
      sweep([...args, '--out', plain]),
      sweep([...args, '--out', drawn, '--tensorboard']),
    ]);
    expect([without.code, wanted.code]).toEqual([0, 0]);
    expect(wanted.stderr).toBe('');
    expect(wanted.stdout).toContain(`\n  tensorboard --logdir ${join(drawn, 'tiny', 'cells')}\n`);
    const comparable = (out: string) => runsIn(out).map(({ id, records }) => [id, records.map(withoutWall)]);
    expect(comparable(drawn)).toEqual(comparable(plain));

    const [original, retrofitted, ...more] = runsIn(drawn);
    if (!original || !retrofitted) throw new Error('a cell is missing');
    expect(more).toEqual([]);
    expect(valuesIn(join(original.folder, 'tensorboard'))).toEqual(expectedScalars(original.records));
    const values = valuesIn(join(retrofitted.folder, 'tensorboard'));
    expect(values.filter(({ histo }) => !histo)).toEqual(expectedScalars(retrofitted.records));
    const end = retrofitted.records.at(-1);
    if (end?.type !== 'end') throw new Error('the journal has no end');
    const texts = retrofitted.records.flatMap((record) => (record.type === 'predictions' ? record.truth.length : []));
    const distributions = values.flatMap(({ histo, ...place }) => (histo ? { ...place, ...histo } : []));
    expect(distributions.map(({ tag, step, num }) => [tag, step, num])).toEqual([
      ['drift/deltaEmbByText', end.evaluatedStep, texts[0]],
      ['drift/deltaCosByText', end.evaluatedStep, texts[0]],
    ]);
    distributions.forEach(({ sum, num }, i) => {
      expect(sum / num).toBeCloseTo(end.metrics[['drift.deltaEmb', 'drift.deltaCos'][i] ?? ''] ?? Number.NaN, 6);
    });

    const before = stampsIn(join(plain, 'tiny'));
    expect((await sweep([...args, '--out', plain, '--tensorboard'])).code).toBe(0);
    expect(stampsIn(join(plain, 'tiny')), 'finished cells are not computed again').toEqual(before);
    const cells = readdirSync(join(drawn, 'tiny', 'cells')).sort();
    expect(cells, 'nothing is left beside the cells').toEqual([original.id, retrofitted.id].sort());
  });

  it('finishes cells without event files where they cannot be written, and says so', async () => {
    const out = join(scratch, 'refused');
    const preload = pathToFileURL(join(root, 'test/cli/fixtures/refuseEventFiles.mjs')).href;
    const args = [tiny, ...onePoint, '--engine', 'tensorflow', '--tensorboard', '--out', out];
    const { code, stdout } = await sweep(args, { NODE_OPTIONS: `--import=${preload}` });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^! seed 1: no TensorBoard event file: Not a directory\n✓ seed 1: /m);
    expect(stdout).toMatch(/^! original encoder: no TensorBoard event file: Not a directory$/m);
    expect(runsIn(out).map(({ folder }) => readdirSync(folder).sort())).toEqual([
      ['journal.jsonl'],
      ['encoder', 'journal.jsonl'],
    ]);
  });
});

it('is a mistake on wasm, which leaves nothing behind', { timeout: 300_000 }, async () => {
  const out = join(scratch, 'wasm');
  const { code, stderr } = await sweep([tiny, ...onePoint, '--engine', 'wasm', '--tensorboard', '--out', out]);
  expect(code).toBe(2);
  expect(stderr).toContain('TENSORBOARD_NEEDS_TENSORFLOW: TensorBoard with the engine wasm');
  expect(existsSync(join(out, 'tiny'))).toBe(false);
});
