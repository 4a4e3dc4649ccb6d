import { join } from 'node:path';
import { saveAdapters } from '../classifiers/adapterFolder.ts';
import { saveClassifier, withoutHead } from '../classifiers/classifierFolder.ts';
import type { Encoder } from '../encoders/encoder.ts';
import { saveEncoder } from '../encoders/huggingFaceFolder.ts';
import type { AdaptedEncoder } from '../encoders/lora.ts';
import { lastingName } from '../encoders/resolveEncoder.ts';
import type { TrainedHeads } from '../evaluation/trainedHeads.ts';
import { savedModel } from './cells.ts';
import type { Settings } from './experiment.ts';

/** Writes what was trained into the cell's folder; adapters are merged into the encoder then. */
export async function saveModel(
  { encoder, adapted }: { readonly encoder: Encoder; readonly adapted: AdaptedEncoder | null },
  {
    classification,
    labelNames,
    activation,
    thresholds,
  }: TrainedHeads & { readonly thresholds: readonly number[] | null },
  settings: Settings,
  folder: string,
): Promise<void> {
  const place = join(folder, savedModel(settings));
  const head = classification?.kind === 'sequenceClassification' ? classification : null;
  const classes = { labelNames, activation, ...(thresholds && { thresholds }) };
  if (adapted?.options.save === 'adapters')
    await saveAdapters({ encoder: adapted, head, ...classes }, lastingName(settings.encoder), place);
  adapted?.merge();
  if (adapted?.options.save === 'adapters') return;
  if (head) await saveClassifier({ encoder, head, ...classes }, place);
  else await saveEncoder(withoutHead(encoder), place, settings.pooling);
}
