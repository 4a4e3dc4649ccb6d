import { expect, it, vi } from 'vitest';
import { Cache } from '../../src/sweep/cache.ts';
import type { Cell } from '../../src/sweep/cells.ts';
import type { SettingsInput } from '../../src/sweep/experiment.ts';
import { Materials } from '../../src/sweep/materials.ts';
import { measureRates } from '../../src/sweep/measureRates.ts';
import { temporaryFolder } from '../data/temporaryFolder.ts';
import { goldenFolder } from '../encoders/goldens.ts';
import { leakedTensorsOf, onEachEngine } from '../engine/engines.ts';
import { cellSettings } from './trainedCell.ts';

onEachEngine('measureRates', () => {
  it.each<[string, Partial<SettingsInput>]>([
    ['one segment', {}],
    ['two segments, which RoBERTa does not tell apart by itself', { segments: 'two' }],
    ['adapters', { training: { steps: 1, lora: { rank: 2 } } }],
    ['more terms', { objective: { supCon: {}, vectorSpacePreservation: {}, valence: {} } }],
  ])('times the encoder that the cell trains, and leaves nothing of it: %s', async (_, changes) => {
    const materials = new Materials(
      { dataFolder: '', encoders: { hubCache: '', offline: true } },
      new Cache(await temporaryFolder({})),
    );
    const settings = cellSettings({
      encoder: `${goldenFolder}roberta`,
      data: { source: 'embedded-sentiment+context', limit: 40 },
      ...changes,
    });
    const cell: Cell = { id: 'a', kind: 'retrofit', axes: {}, seed: 1, settings };
    const trainable = vi.spyOn(materials, 'trainable');
    const leaked = await leakedTensorsOf(async () => {
      const { secondsPerStep, textsPerSecond } = await measureRates(cell, materials);
      for (const rate of [secondsPerStep, textsPerSecond]) {
        expect(rate).toBeGreaterThan(0);
        expect(rate).toBeLessThan(Number.POSITIVE_INFINITY);
      }
    });
    expect(leaked).toBe(0);
    expect(trainable.mock.calls).toEqual([[settings]]);
  });
});
