import type { Corpus } from '../data/corpus.ts';
import { loadCorpus } from '../data/corpus.ts';
import { type DataPlaces, type SplitName, splitNames } from '../data/source.ts';
import type { EncoderConfig } from '../encoders/config.ts';
import { embedLayers, embedTexts } from '../encoders/embed.ts';
import type { Encoder } from '../encoders/encoder.ts';
import { describeEncoder, encoderHash, loadEncoder } from '../encoders/huggingFaceFolder.ts';
import { type EncoderPlaces, resolveEncoder } from '../encoders/resolveEncoder.ts';
import { withTwoTokenTypes } from '../encoders/tokenTypes.ts';
import type { EngineInfo } from '../engine/engine.ts';
import { concatRows, type Matrix } from '../evaluation/matrix.ts';
import { stream } from '../random.ts';
import { selectTexts } from '../text/batch.ts';
import type { TokenisedTexts, Tokeniser } from '../text/tokeniser.ts';
import { validates } from '../training/options.ts';
import type { Cache } from './cache.ts';
import type { Settings } from './experiment.ts';

/** Where corpora and encoders are found. */
export interface Places extends DataPlaces {
  readonly encoders: EncoderPlaces;
}

export interface FoundEncoder {
  readonly folder: string;
  /** Hash of its contents. */
  readonly hash: string;
  readonly config: EncoderConfig;
  readonly tokeniser: Tokeniser;
}

/** Texts of the frozen encoder that are embedded and kept together. */
const shardSize = 2048;

/** To be raised when the same inputs give other tokens or embeddings, so that the old ones are not found any more. */
const tokensFormat = 2;
const embeddingsFormat = 4;

/** A part of a split whose frozen embeddings are one entry of the cache. */
export interface Shard {
  readonly split: SplitName;
  readonly from: number;
  readonly to: number;
}

/**
 * What several cells share: corpora, tokens and the frozen encoder's embeddings. Corpora, tokens and the embeddings of test
 * texts stay in memory, tokens and embeddings in the cache too.
 */
export class Materials {
  readonly #places: Places;
  readonly #cache: Cache;
  readonly #memory = new Map<string, Promise<unknown>>();
  #frozenEncoder: Encoder | undefined;
  /** Embeddings of test texts by one encoder in one way, by their corpus. */
  #frozenTests = { way: '', matrices: new Map<string, Promise<Matrix>>() };

  constructor(places: Places, cache: Cache) {
    this.#places = places;
    this.#cache = cache;
  }

  corpus({ data }: Pick<Settings, 'data'>): Promise<Corpus> {
    return this.#once(`corpus ${JSON.stringify(data)}`, () => loadCorpus(data, this.#places));
  }

  /** Finds an encoder, fetches it if it has to be fetched, and checks that its files fit together. */
  encoder(name: string, onBytes?: (done: number, total: number) => void): Promise<FoundEncoder> {
    return this.#once(`encoder ${name}`, async () => {
      const folder = await resolveEncoder(name, this.#places.encoders, onBytes);
      const { config, tokeniser } = await describeEncoder(folder);
      return { folder, hash: await encoderHash(folder), config, tokeniser };
    });
  }

  /** The encoder that cells with these settings train, with as many token types as they ask for; the caller's to dispose. */
  async trainable({ encoder: name, segments }: Pick<Settings, 'encoder' | 'segments'>): Promise<Encoder> {
    const { folder } = await this.encoder(name);
    const encoder = await loadEncoder(folder, name);
    return segments === 'two' ? withTwoTokenTypes(encoder) : encoder;
  }

  async tokens(settings: Settings, split: SplitName): Promise<TokenisedTexts> {
    const corpus = await this.corpus(settings);
    const { tokeniser } = await this.encoder(settings.encoder);
    const { maxLength, segments } = settings;
    const origin = { format: tokensFormat, tokeniser: tokeniser.hash, data: corpus.hash, split, maxLength, segments };
    return this.#once(`tokens ${JSON.stringify(origin)}`, () =>
      this.#cache.get('tokens', origin, async () => {
        const { texts, contexts } = corpus[split];
        return tokeniser.encode(texts, maxLength, corpus.contextual ? contexts : undefined, segments);
      }),
    );
  }

  /** The frozen embeddings that cells with these settings need, downstream tasks included, and the cache lacks. */
  async missingShards(settings: Settings, engine: EngineInfo): Promise<{ settings: Settings; shard: Shard }[]> {
    const needed = [
      { settings, splits: splitNames.filter((split) => split !== 'validation' || validates(settings.training)) },
      ...taskSettings(settings).map((task) => ({ settings: task, splits: ['train', 'test'] as const })),
    ];
    const missing: { settings: Settings; shard: Shard }[] = [];
    for (const { settings: own, splits } of needed) {
      const corpus = await this.corpus(own);
      for (const shard of splits.flatMap((split) => shardsOf(split, corpus[split].texts.length))) {
        const kept = this.#cache.has('embeddings', await this.#originOf(own, engine, shard));
        if (!kept) missing.push({ settings: own, shard });
      }
    }
    return missing;
  }

  /** The frozen encoder's embeddings of a whole split, [texts, d]. Those of test texts, which every cell needs, are kept. */
  frozen(settings: Settings, engine: EngineInfo, split: SplitName): Promise<Matrix> {
    if (split !== 'test') return this.#readFrozen(settings, engine, split);
    const { data, encoder, pooling, segments, maxLength, precision } = settings;
    const way = JSON.stringify([encoder, pooling, segments, maxLength, precision]);
    // Cells of the same encoder follow one another; those of former ones would fill the memory.
    if (way !== this.#frozenTests.way) this.#frozenTests = { way, matrices: new Map() };
    const { matrices } = this.#frozenTests;
    const corpus = JSON.stringify(data);
    const found = matrices.get(corpus) ?? this.#readFrozen(settings, engine, split);
    matrices.set(corpus, found);
    found.catch(() => matrices.delete(corpus));
    return found;
  }

  async #readFrozen(settings: Settings, engine: EngineInfo, split: SplitName): Promise<Matrix> {
    const corpus = await this.corpus(settings);
    const shards: Matrix[] = [];
    for (const shard of shardsOf(split, corpus[split].texts.length)) {
      shards.push(await this.frozenShard(settings, engine, shard));
    }
    this.release();
    return concatRows(shards);
  }

  /** The frozen encoder's embeddings of one shard, from the cache or computed now. */
  async frozenShard(
    settings: Settings,
    engine: EngineInfo,
    shard: Shard,
    onProgress?: (done: number, total: number) => void,
  ): Promise<Matrix> {
    return this.#cache.get('embeddings', await this.#originOf(settings, engine, shard), async () => {
      const texts = await this.tokens(settings, shard.split);
      const encoder = await this.#loaded(settings.encoder);
      const indices = Array.from({ length: shard.to - shard.from }, (_, i) => shard.from + i);
      return embedTexts(encoder, selectTexts(texts, indices), {
        pooling: settings.pooling,
        ...(onProgress && { onProgress }),
      });
    });
  }

  /** The frozen encoder's states of some test texts after each layer, [texts, d] each. */
  async frozenLayers(settings: Settings, engine: EngineInfo, sample: Int32Array): Promise<Matrix[]> {
    const { size } = await this.tokens(settings, 'test');
    const origin = await this.#originOf(settings, engine, { split: 'test', from: 0, to: size });
    const layers = await this.#cache.get('layers', { ...origin, sample: [...sample] }, async () => {
      const encoder = await this.#loaded(settings.encoder);
      const texts = selectTexts(await this.tokens(settings, 'test'), sample);
      return embedLayers(encoder, texts, { pooling: settings.pooling });
    });
    this.release();
    return layers;
  }

  /** Frees the frozen encoder, which is kept from one shard to the next. */
  release(): void {
    this.#frozenEncoder?.dispose();
    this.#frozenEncoder = undefined;
  }

  async #loaded(name: string): Promise<Encoder> {
    if (this.#frozenEncoder?.name !== name) {
      this.release();
      const { folder } = await this.encoder(name);
      this.#frozenEncoder = await loadEncoder(folder, name);
    }
    return this.#frozenEncoder;
  }

  async #originOf(
    { data, encoder, pooling, segments, maxLength, precision }: Settings,
    engine: EngineInfo,
    shard: Shard,
  ) {
    const [corpus, { hash }] = await Promise.all([this.corpus({ data }), this.encoder(encoder)]);
    const { name, device, detail } = engine;
    return {
      format: embeddingsFormat,
      data: corpus.hash,
      encoder: hash,
      engine: { name, device, detail },
      pooling,
      segments,
      maxLength,
      precision,
      ...shard,
    };
  }

  #once<T>(key: string, make: () => Promise<T>): Promise<T> {
    const found = this.#memory.get(key) as Promise<T> | undefined;
    if (found) return found;
    const made = make();
    this.#memory.set(key, made);
    // What failed, a download for one, may work the next time.
    made.catch(() => this.#memory.delete(key));
    return made;
  }
}

/** A cell's settings with the corpus of each of its downstream tasks in place of its own. */
export function taskSettings(settings: Settings): Settings[] {
  const { limit } = settings.data;
  return settings.evaluation.downstream.tasks.map((source) => ({
    ...settings,
    data: { source, exclude: [], ...(limit !== undefined && { limit }) },
  }));
}

function shardsOf(split: SplitName, size: number): Shard[] {
  return Array.from({ length: Math.ceil(size / shardSize) }, (_, i) => ({
    split,
    from: i * shardSize,
    to: Math.min(size, (i + 1) * shardSize),
  }));
}

/**
 * Items that an evaluation goes by, such as the references of the kNN classifier: all of them, or a sample drawn once for
 * all seeds and cells, so that differences between cells never come from the sample.
 */
export function sampleIndices(purpose: 'references' | 'layers', size: number, wanted: number | null): Int32Array {
  const all = Int32Array.from({ length: size }, (_, i) => i);
  if (wanted === null || wanted >= size) return all;
  return Int32Array.from(stream(0, purpose).shuffle(all).slice(0, wanted)).sort();
}
