import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { embedTexts } from '../../encoders/embed.ts';
import { loadEncoder } from '../../encoders/huggingFaceFolder.ts';
import type { EngineInfo } from '../../engine/engine.ts';
import { UserError } from '../../errors.ts';
import { nearestNeighbours } from '../../evaluation/cosineSearch.ts';
import { concatRows, dot, type Matrix, normaliseRows, row, rowRange, selectRows } from '../../evaluation/matrix.ts';
import { majorityVote } from '../../evaluation/neighbours.ts';
import type { Cache } from '../../sweep/cache.ts';
import { type Settings, settingsSchema } from '../../sweep/experiment.ts';
import { type Materials, sampleIndices } from '../../sweep/materials.ts';
import { selectTexts } from '../../text/batch.ts';
import type { StartRecord } from '../../tracking/journal.ts';
import { readRunSummary } from '../../tracking/results.ts';
import type { MapMethod, ProbeAnswer, ProbedEncoder, SpaceMap } from '../wire.ts';
import { mapRows } from './maps.ts';

/** Test texts on a map: more hide one another, and UMAP's time grows with them. */
const mostOnMap = 600;
/** Training texts that a retrofitted encoder is probed with, beyond which the first question takes too long. */
const mostReferences = 5000;
/** Neighbours that are shown: those that vote, but not more than anybody reads. */
const mostShown = 20;

/** What encoders of finished runs make of texts. What was computed once is kept in the cache. */
export class Space {
  readonly #engine: EngineInfo;
  readonly #materials: Materials;
  readonly #cache: Cache;

  constructor(engine: EngineInfo, materials: Materials, cache: Cache) {
    this.#engine = engine;
    this.#materials = materials;
    this.#cache = cache;
  }

  /**
   * Test texts by the untouched encoder and by that of the run in `folder`, in one projection of both.
   *
   * @throws UserError ENCODER_NOT_SAVED, SETTINGS_OF_OTHER_VERSION
   */
  async map(folder: string, method: MapMethod): Promise<SpaceMap> {
    const start = startOf(folder);
    const settings = settingsOf(start, this.#engine);
    const { test, labelNames } = await this.#materials.corpus(settings);
    const sample = sampleIndices('references', test.texts.length, mostOnMap);
    const pick = <T>(items: ArrayLike<T>) => Array.from(sample, (i) => items[i] as T);
    const places = await this.#cache.get(
      'maps',
      { ...this.#origin(folder, start), method, sample: [...sample] },
      async () => {
        const original = selectRows(await this.#materials.frozen(settings, this.#engine, 'test'), sample);
        const retrofitted = await this.#retrofitted(folder, start, settings, 'test', sample);
        return mapRows(concatRows([original, retrofitted]), method);
      },
    );
    return {
      texts: pick(test.texts),
      labels: pick(test.labels),
      labelNames: [...labelNames],
      original: places.slice(0, sample.length),
      retrofitted: places.slice(sample.length),
      all: test.texts.length,
    };
  }

  /**
   * The training texts nearest to a sentence, and the class that they vote for, under the untouched encoder and those of the
   * runs, which have to share it and its data.
   *
   * @throws UserError PROBE_OF_UNLIKE, and as {@link map}
   */
  async probe(folders: readonly string[], sentence: string): Promise<ProbeAnswer> {
    const starts = folders.map((folder) => ({ folder, start: startOf(folder) }));
    const [first] = starts;
    if (!first) throw new RangeError('no run to be asked');
    const settings = settingsOf(first.start, this.#engine);
    for (const { start } of starts) {
      if (baselineOf(settingsOf(start, this.#engine)) !== baselineOf(settings)) throw unlike(first.start, start);
    }
    const { train } = await this.#materials.corpus(settings);
    const wanted = Math.min(mostReferences, settings.evaluation.references ?? mostReferences);
    const sample = sampleIndices('references', train.texts.length, wanted);
    const found = await this.#materials.encoder(settings.encoder);
    const frozen = selectRows(await this.#materials.frozen(settings, this.#engine, 'train'), sample);
    const encoders = [await this.#probed(null, found.folder, settings, frozen, sample, sentence)];
    for (const { folder, start } of starts) {
      if (start.kind === 'original') continue;
      const own = settingsOf(start, this.#engine);
      const references = await this.#retrofitted(folder, start, own, 'train', sample);
      encoders.push(await this.#probed(start.cell, join(folder, 'encoder'), own, references, sample, sentence));
    }
    return { sentence, references: sample.length, all: train.texts.length, encoders };
  }

  async #probed(
    run: string | null,
    folder: string,
    settings: Settings,
    references: Matrix,
    sample: Int32Array,
    sentence: string,
  ): Promise<ProbedEncoder> {
    const { train, labelNames } = await this.#materials.corpus(settings);
    const encoder = await loadEncoder(folder, folder);
    try {
      const tokens = encoder.tokeniser.encode([sentence], settings.maxLength);
      const query = await embedTexts(encoder, tokens, { pooling: settings.pooling });
      const { k, chunk } = settings.evaluation.knn;
      const neighbours = await nearestNeighbours(query, references, { k, chunk });
      const labels = Int32Array.from(sample, (i) => train.labels[i] as number);
      const [label = 0] = majorityVote(neighbours, labels);
      const unit = row(normaliseRows(query), 0);
      return {
        run,
        label: labelNames[label] ?? String(label),
        neighbours: Array.from(neighbours.indices.subarray(0, mostShown), (place) => ({
          text: train.texts[sample[place] as number] ?? '',
          label: labelNames[labels[place] as number] ?? '',
          cosine: dot(unit, normaliseRows(rowRange(references, { from: place, to: place + 1 })).data),
        })),
      };
    } finally {
      encoder.dispose();
    }
  }

  /** Embeddings of some texts by the encoder that a run has left. */
  async #retrofitted(
    folder: string,
    start: StartRecord,
    settings: Settings,
    split: 'train' | 'test',
    sample: Int32Array,
  ): Promise<Matrix> {
    if (start.kind === 'original')
      return selectRows(await this.#materials.frozen(settings, this.#engine, split), sample);
    const place = join(folder, 'encoder');
    if (!existsSync(place)) throw notSaved(folder);
    return this.#cache.get('retrofitted', { ...this.#origin(folder, start), split, sample: [...sample] }, async () => {
      const encoder = await loadEncoder(place, place);
      try {
        const texts = selectTexts(await this.#materials.tokens(settings, split), sample);
        return await embedTexts(encoder, texts, { pooling: settings.pooling });
      } finally {
        encoder.dispose();
      }
    });
  }

  #origin(folder: string, { cell, wall }: StartRecord) {
    const { name, detail, precision } = this.#engine;
    // A cell that was computed again by other code may have another encoder.
    return { cell, folder: basename(folder), at: wall.at, engine: { name, detail, precision } };
  }
}

function startOf(folder: string): StartRecord {
  return readRunSummary(folder).start;
}

/** With the precision of this machine's engine, which what it computes is kept under. */
function settingsOf({ settings, cell }: StartRecord, { precision }: EngineInfo): Settings {
  const parsed = settingsSchema.safeParse(settings);
  if (parsed.success) return { ...parsed.data, precision };
  throw new UserError({
    code: 'SETTINGS_OF_OTHER_VERSION',
    given: `the settings of ${cell}`,
    expected: 'settings that this version of the code knows',
    remedy: 'Run the cell again.',
  });
}

/** What the untouched encoder's embeddings depend on. */
function baselineOf({ data, encoder, pooling, maxLength }: Settings): string {
  return JSON.stringify([data, encoder, pooling, maxLength]);
}

function unlike(a: StartRecord, b: StartRecord): UserError {
  return new UserError({
    code: 'PROBE_OF_UNLIKE',
    given: `${a.cell} and ${b.cell}`,
    expected: 'runs of the same encoder, data, pooling and length',
    remedy: 'Pick runs that share them, and ask about the others by themselves.',
  });
}

function notSaved(folder: string): UserError {
  return new UserError({
    code: 'ENCODER_NOT_SAVED',
    given: folder,
    expected: 'the retrofitted encoder, which the run did not keep',
    remedy: 'Run the cell again with training.save and, if it has adapters, training.lora.save merged.',
  });
}
