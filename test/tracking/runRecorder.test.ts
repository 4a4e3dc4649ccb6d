import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type JournalRecord, readJournal } from '../../src/tracking/journal.ts';
import { RunRecorder } from '../../src/tracking/runRecorder.ts';
import { TensorBoardWriter } from '../../src/tracking/tensorBoard.ts';
import { availableEngines, useEngine } from '../engine/engines.ts';
import { temporaryFolder } from '../report/madeUpResults.ts';
import { expectedScalars, histogramsIn, valuesIn } from './eventFile.ts';

const records: JournalRecord[] = [
  { type: 'event', event: 'training', wall: { seconds: 0 } },
  { type: 'validation', step: 1, metrics: { 'knn.macroF1': 0.1 }, wall: {} },
  { type: 'end', status: 'completed', steps: 2, metrics: { 'knn.macroF1': 0.2 }, wall: {} },
];

/** Records everything and gives the warning, if there is one. */
function recordedIn(folder: string, tensorBoard: boolean): string | undefined {
  const recorder = new RunRecorder(folder, { tensorBoard });
  for (const record of records) recorder.record(record);
  recorder.close();
  return recorder.warning;
}

describe('RunRecorder', () => {
  it('writes the journal alone where nothing else is wanted', () => {
    const folder = temporaryFolder();
    expect(recordedIn(folder, false)).toBeUndefined();
    expect(readdirSync(folder)).toEqual(['journal.jsonl']);
    expect(readJournal(join(folder, 'journal.jsonl'))).toEqual(records);
  });
});

describe.skipIf(!availableEngines.includes('tensorflow'))('RunRecorder with TensorBoard', () => {
  beforeAll(() => useEngine('tensorflow'));

  it('writes every record into both', () => {
    const folder = temporaryFolder();
    expect(recordedIn(folder, true)).toBeUndefined();
    expect(readJournal(join(folder, 'journal.jsonl'))).toEqual(records);
    expect(valuesIn(join(folder, 'tensorboard'))).toEqual(expectedScalars(records));
  });

  it('writes distributions into the event file', () => {
    const folder = temporaryFolder();
    const recorder = new RunRecorder(folder, { tensorBoard: true });
    recorder.histogram('drift/deltaEmbByText', Float32Array.of(1, 2), 7);
    recorder.close();
    const values = histogramsIn(join(folder, 'tensorboard'));
    expect(values).toEqual([expect.objectContaining({ tag: 'drift/deltaEmbByText', step: 7, num: 2 })]);
  });

  it('goes on without an event file that cannot be opened, and says why', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'tensorboard'), 'a file where the folder should be');
    expectJournalOnly(folder, 'no TensorBoard event file: Not a directory');
  });

  it.each(['write', 'close'] as const)('goes on without an event file that fails at a %s, and says why', (method) => {
    const failed = vi.spyOn(TensorBoardWriter.prototype, method).mockImplementationOnce(() => {
      throw new Error('Invalid TF_Status: 8\nMessage: /a; No space left on device\n\tCould not flush events file.');
    });
    onTestFinished(() => failed.mockRestore());
    expectJournalOnly(temporaryFolder(), 'no TensorBoard event file: No space left on device');
  });
});

function expectJournalOnly(folder: string, warning: string): void {
  expect(recordedIn(folder, true)).toBe(warning);
  expect(readdirSync(folder)).toEqual(['journal.jsonl']);
  expect(readJournal(join(folder, 'journal.jsonl'))).toEqual(records);
}
