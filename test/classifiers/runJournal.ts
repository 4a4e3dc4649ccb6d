import { join } from 'node:path';
import { JournalWriter } from '../../src/tracking/journal.ts';

/** Writes the journal of a finished training with these settings. */
export function writeRunJournal(folder: string, settings: Readonly<Record<string, unknown>>): void {
  const journal = new JournalWriter(join(folder, 'journal.jsonl'));
  journal.write({
    type: 'start',
    format: 1,
    cell: 'a'.repeat(16),
    kind: 'retrofit',
    experiment: 'classify',
    axes: {},
    seed: 1,
    settings,
    data: { name: 'embedded', hash: 'd'.repeat(64) },
    encoder: { name: 'mini', hash: 'e'.repeat(64) },
    engine: { name: 'tensorflow', detail: 'libtensorflow 2.21.0, CPU', device: 'cpu', precision: 'float32' },
    code: '0.1.0+abc1234',
    notes: [],
    wall: {},
  });
  journal.write({ type: 'end', status: 'completed', steps: 4, metrics: {}, wall: {} });
  journal.close();
}
