import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { places } from '../../src/cli/environment.ts';
import { cachedSnapshot } from '../../src/encoders/hubCache.ts';
import { UserError } from '../../src/errors.ts';
import { loadTokeniser, type TokenisedTexts, type Tokeniser } from '../../src/text/tokeniser.ts';
import hard from './golden/hard.json' with { type: 'json' };
import golden from './golden/ids.json' with { type: 'json' };
import multilingual from './golden/multilingual.json' with { type: 'json' };
import multilingualIds from './golden/multilingualIds.json' with { type: 'json' };
import sentences from './golden/sentences.json' with { type: 'json' };

const goldenEncoders = new URL('../encoders/golden/', import.meta.url).pathname;
const { encoders, dataFolder } = places(process.env);
const miniLm = await cachedSnapshot(encoders.hubCache, 'sentence-transformers/all-MiniLM-L6-v2');
const goEmotions = join(dataFolder, 'goemotions', 'test.tsv');

const tokenisers = [
  { name: 'bert' as const, folder: join(goldenEncoders, 'bert') },
  { name: 'roberta' as const, folder: join(goldenEncoders, 'roberta') },
  { name: 'xlmRoberta' as const, folder: join(goldenEncoders, 'xlmRoberta') },
  { name: 'all-MiniLM-L6-v2' as const, folder: miniLm },
];

function idsOf(texts: TokenisedTexts): number[][] {
  return Array.from({ length: texts.size }, (_, i) => [
    ...texts.ids.subarray(texts.offsets[i] ?? 0, texts.offsets[i + 1] ?? 0),
  ]);
}

for (const { name, folder } of tokenisers) {
  describe.skipIf(folder === undefined)(`the tokeniser of ${name}, against transformers`, () => {
    const expected = golden[name];
    let tokeniser: Tokeniser;
    beforeAll(async () => {
      tokeniser = await loadTokeniser(folder as string);
    });

    it('gives the same ids to emoji, accents, other scripts, special tokens and empty texts', () => {
      expect(idsOf(tokeniser.encode(sentences, 512))).toEqual(expected.ids);
    });

    it('cuts as transformers does and counts what it cut', () => {
      const cut = tokeniser.encode(sentences, 8);
      expect(idsOf(cut)).toEqual(expected.cutTo8);
      expect(cut.truncated).toBe(expected.ids.filter((ids) => ids.length > 8).length);
      const long = Array.from({ length: 60 }, () => sentences[0]).join(' ');
      expect(idsOf(tokeniser.encode([long], 256))).toEqual([expected.sentence0Repeated60TimesCutTo256]);
    });

    const contexts = sentences.slice(0, -1);
    const texts = sentences.slice(1);

    /** RoBERTa knows one type of token, and transformers gives no other; here types number the segments. */
    const segmentsOf = ({ ids, types }: { ids: number[]; types: number[] }) => {
      const end = ids.findIndex((id, i) => id === 2 && ids[i + 1] === 2);
      // An empty text makes no segment.
      return name === 'roberta' ? types.map((_, i) => Number(end >= 0 && i > end)) : types;
    };

    it('encodes a text behind its context as two segments', () => {
      const pairs = tokeniser.encode(texts, 512, contexts);
      expect(idsOf(pairs)).toEqual(expected.pairs.map(({ ids }) => ids));
      expect(idsOf({ ...pairs, ids: pairs.typeIds })).toEqual(expected.pairs.map(segmentsOf));
      expect(pairs.truncated).toBe(0);
    });

    it('cuts the context at its beginning', () => {
      const cut = tokeniser.encode(texts, 40, contexts);
      let compared = 0;
      for (const [i, pair] of expected.pairsCutTo40.entries()) {
        if (pair === null) continue;
        compared++;
        const [from, to] = [cut.offsets[i], cut.offsets[i + 1]];
        expect([...cut.ids.subarray(from, to)]).toEqual(pair.ids);
        expect([...cut.typeIds.subarray(from, to)]).toEqual(segmentsOf(pair));
      }
      expect(compared).toBeGreaterThan(3);
      expect(cut.truncated).toBe(expected.pairs.filter(({ ids }) => ids.length > 40).length);
    });

    it('cuts a text that is too long by itself at its end, and leaves nothing of its context', () => {
      const long = Array.from({ length: 60 }, () => sentences[0]).join(' ');
      const whole = idsOf(tokeniser.encode([long], 100_000, ['a context']))[0] as number[];
      const cut = idsOf(tokeniser.encode([long], 32, ['a context']))[0] as number[];
      const alone = idsOf(tokeniser.encode([long], 100_000))[0] as number[];
      expect(cut).toHaveLength(32);
      const text = alone.slice(1, 12).join();
      expect(cut.join()).toContain(text);
      expect([cut[0], cut.at(-1)]).toEqual([whole[0], whole.at(-1)]);
    });

    it('knows its size and its padding', () => {
      expect(tokeniser).toMatchObject({ vocabularySize: expected.size, padId: expected.pad });
    });

    it.skipIf(!existsSync(goEmotions))('gives the same ids to all of GoEmotions’ test texts', async () => {
      const rows = (await readFile(goEmotions, 'utf8')).split(/\r?\n/).filter((row) => row !== '');
      const texts = rows.map((row) => row.split('\t')[0] as string);
      const lines = idsOf(tokeniser.encode(texts, 100_000)).map((ids) => ids.join(','));
      expect(createHash('sha256').update(lines.join('\n')).digest('hex')).toBe(expected.goEmotionsTestSha256);
    });
  });
}

describe('the tokeniser of XLM-RoBERTa, in many scripts', () => {
  const xlmRoberta = join(goldenEncoders, 'xlmRoberta');
  const hardTexts = Object.values(hard).flat();
  const multilingualTexts = Object.values(multilingual).flat();
  let tokeniser: Tokeniser;
  beforeAll(async () => {
    tokeniser = await loadTokeniser(xlmRoberta);
  });

  it('gives the ids of transformers to sentences of seventeen languages and kinds', () => {
    expect(idsOf(tokeniser.encode(multilingualTexts, 512))).toEqual(multilingualIds.transformers.multilingual);
  });

  it.each(Object.entries(hard))('gives the ids of transformers to hard texts: %s', (_, texts) => {
    const expected = texts.map((text) => multilingualIds.transformers.hard[hardTexts.indexOf(text)]);
    expect(idsOf(tokeniser.encode(texts, 512))).toEqual(expected);
  });

  it('gives the ids of transformers to pairs', () => {
    const pairs = tokeniser.encode(hardTexts.slice(0, -1), 512, hardTexts.slice(1));
    expect(idsOf(pairs)).toEqual(multilingualIds.transformers.hardPairs);
    expect(new Set(pairs.typeIds)).toEqual(new Set([0]));
  });

  it('numbers the segments of pairs where two are asked for, which its template does not', () => {
    const two = tokeniser.encode(['I can', ''], 512, ['no', 'no'], 'two');
    const ids = [...two.ids.subarray(0, two.offsets[1])];
    const end = ids.indexOf(2);
    expect([...two.typeIds.subarray(0, two.offsets[1])]).toEqual(ids.map((_, i) => Number(i > end)));
    // An empty text makes no segment.
    expect(new Set(two.typeIds.subarray(two.offsets[1]))).toEqual(new Set([0]));
  });

  it('cuts a text of thousands of tokens as transformers does', () => {
    const cut = tokeniser.encode([multilingualTexts.join(' ')], 600);
    expect(idsOf(cut)).toEqual([multilingualIds.transformers.multilingualJoinedCutTo600]);
    expect(cut.truncated).toBe(1);
  });

  describe('with other steps around the table', () => {
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'tokeniser-'));
    });
    afterAll(() => rm(folder, { recursive: true }));

    /** The same vocabulary with other steps. */
    async function changed(change: (definition: Definition) => Record<string, unknown>): Promise<Tokeniser> {
      const definition = JSON.parse(await readFile(join(xlmRoberta, 'tokenizer.json'), 'utf8')) as Definition;
      await writeFile(join(folder, 'tokenizer.json'), JSON.stringify({ ...definition, ...change(definition) }));
      return loadTokeniser(folder);
    }

    it('gives the ids of tokenizers where spaces are not split at, but joined', async () => {
      const { normalizers, preTokenizer, hard: ofHard, multilingual: ofMultilingual } = multilingualIds.converted;
      const converted = await changed(({ normalizer }) => ({
        normalizer: { type: 'Sequence', normalizers: [normalizer, ...normalizers] },
        pre_tokenizer: preTokenizer,
      }));
      expect(idsOf(converted.encode(hardTexts, 512))).toEqual(ofHard);
      expect(idsOf(converted.encode(multilingualTexts, 512))).toEqual(ofMultilingual);
    });

    it.each(['', 'AAA=', 'AAABAAAAAAA='])('refuses a table that is cut: %j', async (charsmap) => {
      const cut = changed(() => ({ normalizer: { type: 'Precompiled', precompiled_charsmap: charsmap } }));
      await expect(cut).rejects.toThrow('TOKENISER_INVALID');
    });
  });
});

/** What is read of tokenizer.json. */
interface Definition {
  readonly normalizer: Record<string, unknown>;
}

describe('loadTokeniser', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tokeniser-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const codeOf = (promise: Promise<unknown>) =>
    promise.then(
      () => 'no error',
      (error: unknown) => (error instanceof UserError ? error.problems.map(({ code }) => code).join() : String(error)),
    );

  it('names a missing file', async () => {
    expect(await codeOf(loadTokeniser(join(folder, 'nowhere')))).toBe('TOKENISER_MISSING');
  });

  it.each([
    ['is not JSON', '{"model": '],
    ['has no model', '{}'],
    ['has a model that is unknown', '{"model": {"type": "None", "vocab": {}}, "added_tokens": []}'],
  ])('rejects a file that %s', async (_, text) => {
    await writeFile(join(folder, 'tokenizer.json'), text);
    expect(await codeOf(loadTokeniser(folder))).toBe('TOKENISER_INVALID');
  });

  it('needs a padding token', async () => {
    const definition = await readFile(join(goldenEncoders, 'bert', 'tokenizer.json'), 'utf8');
    await writeFile(join(folder, 'tokenizer.json'), definition.replaceAll('[PAD]', '[NOTHING]'));
    expect(await codeOf(loadTokeniser(folder))).toBe('TOKENISER_WITHOUT_PADDING');
  });

  it('takes the padding token that tokenizer_config.json names', async () => {
    await cp(join(goldenEncoders, 'bert', 'tokenizer.json'), join(folder, 'tokenizer.json'));
    await writeFile(join(folder, 'tokenizer_config.json'), '{"pad_token": {"content": "[MASK]"}}');
    expect((await loadTokeniser(folder)).padId).toBe(4);
  });

  it('has a hash that changes with its files', async () => {
    const [one, other] = await Promise.all([
      loadTokeniser(join(goldenEncoders, 'bert')),
      loadTokeniser(join(goldenEncoders, 'roberta')),
    ]);
    expect(one.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(one.hash).not.toBe(other.hash);
  });

  it('refuses a length without room for text', async () => {
    const tokeniser = await loadTokeniser(join(goldenEncoders, 'bert'));
    expect(() => tokeniser.encode(['a'], 1)).toThrow(RangeError);
  });
});
