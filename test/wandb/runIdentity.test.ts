import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cellIdentity, comparisonIdentity, type TrackedCell } from '../../src/wandb/runIdentity.ts';
import { cell, settingsWith } from './journals.ts';

const settings = settingsWith();
const sweep = { settings, experiment: 'made-up' };

describe('a cell', () => {
  test('is a run by the place of its point, with all seeds of a point in a group', () => {
    expect(cellIdentity(sweep, cell)).toEqual({
      ...{ runId: 'made-up-0123456789abcdef', project: 'contrafit', group: 'made-up · temperature 0.1' },
      ...{ point: 'temperature 0.1', jobType: 'retrofit', name: 'temperature 0.1 · seed 2' },
      tags: ['made-up', 'embedded', 'mini'],
    });
    expect(cellIdentity(sweep, { ...cell, label: '', point: '' })).toMatchObject({ name: 'made-up', group: 'made-up' });
  });

  test('has the names that the user gives', () => {
    const named = settingsWith({
      ...{ WANDB_ENTITY: 'a-team', WANDB_PROJECT: 'p', WANDB_RUN_GROUP: 'g', WANDB_NAME: 'n', WANDB_NOTES: 'Notes' },
      WANDB_TAGS: 'x,embedded,x',
    });
    expect(cellIdentity({ ...sweep, settings: named }, cell)).toMatchObject({
      ...{ entity: 'a-team', project: 'p', group: 'g', name: 'n · temperature 0.1 · seed 2', notes: 'Notes' },
      tags: ['made-up', 'embedded', 'mini', 'x'],
    });
  });

  test('is the run and in the sweep that the agent says, unless it is an original', () => {
    const ofAgent = { ...sweep, sweepId: 'sweep0', runId: 'abc123' };
    expect(cellIdentity(ofAgent, cell)).toMatchObject({ runId: 'abc123', sweepId: 'sweep0', jobType: 'retrofit' });
    const original = cellIdentity(ofAgent, { ...cell, kind: 'original' });
    expect(original).toMatchObject({ runId: 'made-up-0123456789abcdef', jobType: 'original' });
    expect(original).not.toHaveProperty('sweepId');
  });

  test.each([
    ['/models/a folder/mini', 'mini'],
    ['owner/name', 'name'],
    ['mini', 'mini'],
  ])('is tagged with the encoder %s as %s', (encoder, tag) => {
    expect(cellIdentity(sweep, { ...cell, encoder }).tags).toContain(tag);
  });
});

test('the comparison is a run beside those of the cells', () => {
  expect(comparisonIdentity({ ...sweep, sweepId: 'sweep0', runId: 'abc123' })).toEqual({
    ...{ runId: 'made-up-comparison', project: 'contrafit', group: 'made-up · comparison', point: 'comparison' },
    ...{ jobType: 'comparison', name: 'made-up: comparison', tags: ['made-up'] },
  });
});

test('nothing is longer than W&B takes, and no character is cut in two', () => {
  const text = fc.string({ unit: 'binary', maxLength: 140 });
  const experiment = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,299}$/);
  fc.assert(
    fc.property(
      experiment,
      text,
      text,
      text,
      text,
      fc.array(text, { maxLength: 3 }),
      (experiment, label, point, data, name, tags) => {
        const given: TrackedCell = { ...cell, label, point, data };
        const sweep = { settings: { ...settings, name, tags }, experiment };
        for (const identity of [cellIdentity(sweep, given), comparisonIdentity(sweep)]) {
          const { runId, group, name, tags } = identity;
          expect(runId).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/);
          expect(Math.max(group.length, name.length)).toBeLessThanOrEqual(128);
          for (const tag of tags) expect(tag.length).toBeLessThanOrEqual(64);
          expect(new Set(tags).size).toBe(tags.length);
          for (const shown of [group, name, ...tags]) expect(Buffer.from(shown, 'utf8').toString('utf8')).toBe(shown);
        }
        expect(cellIdentity(sweep, given).runId.endsWith(`-${cell.id}`)).toBe(true);
      },
    ),
    { numRuns: 100 },
  );
});

test('two halves of a character at the limit go together', () => {
  const tags = [`${'x'.repeat(63)}😀`, `${'x'.repeat(62)}😀`];
  const { group, tags: cut } = cellIdentity(
    { settings: { ...settings, tags, group: `${'x'.repeat(127)}😀` }, experiment: 'e' },
    cell,
  );
  expect(group).toBe('x'.repeat(127));
  expect(cut.slice(3)).toEqual(['x'.repeat(63), `${'x'.repeat(62)}😀`]);
});

test('cells of one experiment have ids of their own, however long its name is', () => {
  const experiment = 'e'.repeat(300);
  const ids = ['0123456789abcdef', 'fedcba9876543210'].map((id) =>
    cellIdentity({ settings, experiment }, { ...cell, id }),
  );
  expect(new Set([...ids, comparisonIdentity({ settings, experiment })].map(({ runId }) => runId)).size).toBe(3);
});
