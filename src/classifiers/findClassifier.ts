import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { isContextual } from '../data/corpus.ts';
import { type EncoderPlaces, resolveEncoder } from '../encoders/resolveEncoder.ts';
import { segmentsSchema } from '../encoders/tokenTypes.ts';
import { UserError } from '../errors.ts';
import { readRunSummary } from '../tracking/results.ts';
import { isAdapterFolder, loadAdapters } from './adapterFolder.ts';
import type { Classifier } from './classifier.ts';
import { loadClassifier } from './classifierFolder.ts';

/** What a run leaves in its cell's folder. */
const savedIn = ['encoder', 'adapters'] as const;

/**
 * Loads a classifier: from a folder of `transformers` or PEFT, the folder of a run that has left one, or the hub. A run's
 * journal says how it was trained to read texts, whatever the folder of the model alone would be taken for.
 *
 * @param name a folder or `owner/name`
 * @throws UserError RUN_WITHOUT_MODEL, and those of {@link resolveEncoder}, {@link loadClassifier} and {@link loadAdapters}
 */
export async function findClassifier(name: string, places: EncoderPlaces): Promise<Classifier> {
  const isFolder = statSync(name, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const found = isFolder ? name : await resolveEncoder(name, places);
  if (!isRun(found)) return loadFrom(found, name, places);
  const folder = modelOfRun(found);
  const trained = trainedAs(readRunSummary(found).start.settings);
  return { ...(await loadFrom(folder, name, places)), ...trained };
}

/** Whether a path is that of a folder that {@link findClassifier} would look for a model in. */
export function isModelFolder(path: string): boolean {
  return isRun(path) || isAdapterFolder(path) || existsSync(join(path, 'config.json'));
}

function isRun(folder: string): boolean {
  return existsSync(join(folder, 'journal.jsonl'));
}

/** What the settings of a run say of its texts; journals of other versions may say less. */
function trainedAs(
  settings: Readonly<Record<string, unknown>>,
): Pick<Classifier, 'maxLength' | 'segments' | 'contextual'> {
  const { data: maxLength } = z.int().safeParse(settings.maxLength);
  const { data: segments } = segmentsSchema.safeParse(settings.segments);
  const { data } = z.looseObject({ source: z.string() }).safeParse(settings.data);
  return {
    ...(maxLength !== undefined && { maxLength }),
    ...(segments && { segments }),
    ...(data && { contextual: isContextual(data.source) }),
  };
}

function loadFrom(folder: string, name: string, places: EncoderPlaces): Promise<Classifier> {
  if (!isAdapterFolder(folder)) return loadClassifier(folder, name);
  return loadAdapters(folder, name, async (base) => {
    // PEFT writes the path that it was given, which may have been one from the adapters' folder.
    const beside = join(folder, base);
    return /^\.{1,2}\//.test(base) && existsSync(beside) ? beside : resolveEncoder(base, places);
  });
}

function modelOfRun(folder: string): string {
  const saved = savedIn.find((own) => existsSync(join(folder, own)));
  if (saved !== undefined) return join(folder, saved);
  throw new UserError({
    code: 'RUN_WITHOUT_MODEL',
    given: `${folder}, a run that has left no model`,
    expected: 'a run that was trained with training.save, and is no original encoder',
    remedy: 'Name another run, or run the sweep again with --set training.save=true.',
  });
}
