import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { JournalWriter, recordSchema, type StepRecord } from '../../src/tracking/journal.ts';
import { temporaryFolder } from '../report/madeUpResults.ts';
import { schemaProblems } from './journalSchema.ts';

it('the published schema is that of the code', async () => {
  const title = 'A line of a Contrafit journal (journal.jsonl), format 1';
  const schema = { title, ...z.toJSONSchema(recordSchema, { io: 'input' }) };
  // Run vitest with -u after a change of the records.
  await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot('../../src/tracking/journal.schema.json');
});

it('lets through what a journal holds, NaN and infinities too, and nothing else', () => {
  const path = join(temporaryFolder(), 'journal.jsonl');
  const step: StepRecord = {
    type: 'step',
    step: 1,
    epoch: 0,
    learningRate: 1e-4,
    loss: Number.NaN,
    terms: { supCon: Number.NEGATIVE_INFINITY },
    gradientNorm: Number.POSITIVE_INFINITY,
    counts: { loneAnchors: 0 },
    wall: { seconds: 0.1 },
  };
  const writer = new JournalWriter(path);
  writer.write(step);
  writer.close();
  expect(schemaProblems(path)).toEqual([]);
  for (const wrong of [
    { ...step, step: 'one' },
    { ...step, type: 'leap' },
    { ...step, loss: 'none' },
    { type: 'step' },
  ]) {
    writeFileSync(path, `${JSON.stringify(wrong)}\n`);
    expect(schemaProblems(path)).toHaveLength(1);
  }
});
