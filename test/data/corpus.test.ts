import { describe, expect, it } from 'vitest';
import { dataSchema, loadCorpus } from '../../src/data/corpus.ts';
import { declarationSchema } from '../../src/data/declaration.ts';
import { splitNames } from '../../src/data/source.ts';
import { problemsOf } from './problems.ts';
import { temporaryFolder } from './temporaryFolder.ts';

const places = { dataFolder: '' };
const load = (source: string, exclude: string[] = []) => loadCorpus(dataSchema.parse({ source, exclude }), places);

const csv = (...rows: string[]) => ['text,label', ...rows].join('\n');
const files = {
  'train.csv': csv('a,joy', 'b,joy', 'c,fear', 'd,fear', 'e,anger', 'f,anger'),
  'validation.csv': csv('g,joy', 'h,fear', 'i,anger'),
  'test.csv': csv('j,joy', 'k,fear', 'l,fear'),
};

it('is the embedded corpus unless told otherwise', () => {
  expect(dataSchema.parse({})).toEqual({ source: 'embedded', exclude: [] });
});

describe('loading', () => {
  it('numbers the classes and keeps texts and labels in step', async () => {
    const corpus = await load(await temporaryFolder(files));
    expect(corpus.labelNames).toEqual(['anger', 'fear', 'joy']);
    expect(corpus.train.texts).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect([...corpus.train.labels]).toEqual([2, 2, 1, 1, 0, 0]);
    expect([...corpus.test.labels]).toEqual([2, 1, 1]);
    expect(corpus.train).not.toHaveProperty('contexts');
  });

  it('has contexts only if every text has one', async () => {
    const row = (text: string, label: string, context?: string) => JSON.stringify({ text, label, context });
    const folder = await temporaryFolder({
      'train.jsonl': [row('a', 'x', 'A'), row('b', 'x', 'B'), row('c', 'y', 'C'), row('d', 'y', 'D')].join('\n'),
      'validation.jsonl': [row('e', 'x', 'E'), row('f', 'y')].join('\n'),
      'test.jsonl': [row('g', 'x'), row('h', 'y')].join('\n'),
    });
    const corpus = await load(folder);
    expect(corpus.train.contexts).toEqual(['A', 'B', 'C', 'D']);
    expect(corpus.validation).not.toHaveProperty('contexts');
    expect(corpus.test).not.toHaveProperty('contexts');
  });

  it('with +context is of other contents, and needs a context of every text', async () => {
    const plain = await load('embedded');
    const contextual = await load('embedded+context');
    expect(contextual).toMatchObject({ name: 'embedded+context', contextual: true });
    expect(contextual.train).toEqual(plain.train);
    expect(contextual.hash).not.toBe(plain.hash);
    const [misspelt] = await problemsOf(load('embedded+contxt'));
    expect(misspelt?.remedy).toContain('Did you mean "embedded+context"?');
    const folder = await temporaryFolder(files);
    const [problem] = await problemsOf(load(`${folder}+context`));
    expect(problem?.code).toBe('DATA_WITHOUT_CONTEXT');
    expect(problem?.given).toContain('12 of 12 texts have no context');
  });

  describe('with +character', () => {
    type Row = { context?: string; character?: string };
    const folderOf = (row: (i: number) => Row) => {
      const rows = Array.from({ length: 4 }, (_, i) =>
        JSON.stringify({ text: `t${i}`, label: i % 2 ? 'joy' : 'fear', ...row(i) }),
      ).join('\n');
      return temporaryFolder({ 'train.jsonl': rows, 'validation.jsonl': rows, 'test.jsonl': rows });
    };
    /** Each second text is the first of its story. */
    const dialogue = () => folderOf((i) => ({ context: i % 2 ? `c${i}` : '', character: `k${i}` }));

    it.each([
      ['+context', ['', 'c1', '', 'c3']],
      ['+character', ['k0:', 'k1:', 'k2:', 'k3:']],
      ['+context+character', ['k0:', 'c1 k1:', 'k2:', 'c3 k3:']],
      ['+character+context', ['k0:', 'c1 k1:', 'k2:', 'c3 k3:']],
    ])('the first segment is the context, who says the text, or both: %s', async (added, segments) => {
      const corpus = await load((await dialogue()) + added);
      expect(corpus.contextual).toBe(true);
      for (const split of splitNames) {
        expect(corpus[split].contexts).toEqual(segments);
        expect(corpus[split].texts).toEqual(['t0', 't1', 't2', 't3']);
      }
    });

    it('is of other contents with each of them', async () => {
      const folder = await dialogue();
      const hashes = ['', '+context', '+character', '+context+character'].map(
        async (added) => (await load(folder + added)).hash,
      );
      expect(new Set(await Promise.all(hashes)).size).toBe(4);
    });

    it.each<[string, string, (i: number) => Row, string[]]>([
      ['+character', 'nobody', () => ({}), ['DATA_WITHOUT_CHARACTER']],
      ['+character', 'nobody once', (i) => (i ? { character: 'k' } : {}), ['DATA_WITHOUT_CHARACTER']],
      ['+context+character', 'nobody, in a context', () => ({ context: 'c' }), ['DATA_WITHOUT_CHARACTER']],
      ['+context+character', 'somebody out of context', () => ({ character: 'k' }), ['DATA_WITHOUT_CONTEXT']],
      ['+context+character', 'nobody', () => ({}), ['DATA_WITHOUT_CONTEXT', 'DATA_WITHOUT_CHARACTER']],
    ])('%s refuses texts that are said by %s', async (added, _who, row, expected) => {
      const problems = await problemsOf(load((await folderOf(row)) + added));
      expect(problems.map(({ code }) => code)).toEqual(expected);
    });
  });

  it('has a strength of each class where a text may have several', async () => {
    const { labelNames, labelling, train } = await load('embedded-multi');
    const soft = await load('embedded-soft');
    expect([labelling, soft.labelling]).toEqual(['multi', 'soft']);
    expect(train.strengths).toHaveLength(train.texts.length * labelNames.length);
    for (const [i, label] of train.labels.entries()) {
      const own = [...(soft.train.strengths as Float32Array).subarray(i * 28, (i + 1) * 28)];
      expect(own.indexOf(Math.max(...own))).toBe(label);
      const expected = own.map((strength, j) => Number(strength >= Math.fround(0.3) || j === label));
      expect([...(train.strengths as Float32Array).subarray(i * 28, (i + 1) * 28)]).toEqual(expected);
    }
  });

  it('leaves an excluded class out of texts that have others too', async () => {
    const whole = await load('embedded-soft');
    const part = await load('embedded-soft', ['joy']);
    const joy = whole.labelNames.indexOf('joy');
    const only = [...whole.train.labels.keys()].filter((i) => {
      const own = [...(whole.train.strengths as Float32Array).subarray(i * 28, (i + 1) * 28)];
      return own.every((strength, j) => (j === joy) === strength > 0);
    });
    expect(part.train.texts).toHaveLength(whole.train.texts.length - only.length);
    expect(part.train.strengths).toHaveLength(part.train.texts.length * 27);
  });

  it('leaves out excluded classes, renumbers the others and counts what went', async () => {
    const corpus = await load(await temporaryFolder(files), ['anger']);
    expect(corpus.labelNames).toEqual(['fear', 'joy']);
    expect([...corpus.train.labels]).toEqual([1, 1, 0, 0]);
    expect(corpus.notes).toContain('excluded anger: 2 train, 1 validation, 0 test texts');
  });

  it('notes classes without a train text', async () => {
    const corpus = await load(await temporaryFolder({ ...files, 'test.csv': csv('j,joy', 'k,grief') }));
    expect(corpus.notes).toContain('no train text has the label grief');
  });
});

describe('dividing anew', () => {
  const rows = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) =>
      JSON.stringify({
        text: `t${from + i}`,
        emotions: (from + i) % 4 ? { joy: 0.9, fear: 0.2 } : { fear: 0.5 },
        context: `c${from + i}`,
        character: `k${from + i}`,
      }),
    ).join('\n');
  const own = declarationSchema.parse({ labelling: 'soft' });
  const options = (source: string, more: object) => dataSchema.parse({ source, own, ...more });

  it('pools the splits, and contexts, characters and strengths go with their texts', async () => {
    const source = await temporaryFolder({ 'train.jsonl': rows(0, 50), 'test.jsonl': rows(50, 100) });
    const corpus = await loadCorpus(options(source, { resplit: {} }), places);
    expect(splitNames.map((split) => corpus[split].texts.length)).toEqual([70, 15, 15]);
    for (const split of splitNames) {
      const { texts, contexts, characters, strengths, labels } = corpus[split];
      expect(contexts).toEqual(texts.map((text) => text.replace('t', 'c')));
      expect(characters).toEqual(texts.map((text) => text.replace('t', 'k')));
      const expected = texts.flatMap((text) => (Number(text.slice(1)) % 4 ? [0.2, 0.9] : [0.5, 0]));
      expect([...(strengths ?? [])]).toEqual([...Float32Array.from(expected)]);
      expect([...labels]).toEqual(texts.map((text) => (Number(text.slice(1)) % 4 ? 1 : 0)));
    }
    expect(corpus.notes[0]).toMatch(/^split anew: 100 texts 70\/15\/15 /);
  });

  it('of a single file takes the place of its own split', async () => {
    const source = `${await temporaryFolder({ 'all.jsonl': rows(0, 100) })}/all.jsonl`;
    const shares = { train: 0.6, validation: 0.2, test: 0.2, seed: 5 };
    const split = declarationSchema.parse({ labelling: 'soft', split: shares });
    const declared = await loadCorpus(dataSchema.parse({ source, own: split }), places);
    const otherwise = declarationSchema.parse({ labelling: 'soft', split: { seed: 9 } });
    const anew = await loadCorpus(dataSchema.parse({ source, own: otherwise, resplit: shares }), places);
    expect(anew.hash).toBe(declared.hash);
  });

  it('keeps the published splits where it is absent or null', async () => {
    const plain = await load('embedded');
    expect((await loadCorpus(dataSchema.parse({ resplit: null, augment: null }), places)).hash).toBe(plain.hash);
    expect((await loadCorpus(dataSchema.parse({ resplit: {} }), places)).hash).not.toBe(plain.hash);
  });

  it('divides a text alike whether another class is excluded or not', async () => {
    // Classes of five texts are too small for exact shares, and make up for one another.
    const content = csv(...Array.from({ length: 50 }, (_, i) => `t${i},class ${i % 10}`));
    const source = `${await temporaryFolder({ 'all.csv': content })}/all.csv`;
    const whole = await loadCorpus(dataSchema.parse({ source, resplit: {} }), places);
    const part = await loadCorpus(dataSchema.parse({ source, resplit: {}, exclude: ['class 0', 'class 3'] }), places);
    for (const split of splitNames) {
      const { texts, labels } = whole[split];
      expect(part[split].texts).toEqual(texts.filter((_, i) => labels[i] !== 0 && labels[i] !== 3));
    }
  });
});

describe('augmenting', () => {
  it('adds copies to train alone, whose classes, contexts and characters are their texts’', async () => {
    const plain = await load('embedded-soft');
    const corpus = await loadCorpus(dataSchema.parse({ source: 'embedded-soft', augment: { copies: 2 } }), places);
    const count = plain.train.texts.length;
    expect(corpus.train.texts.slice(0, count)).toEqual(plain.train.texts);
    expect(corpus.train.texts.length).toBeGreaterThan(2.5 * count);
    expect([corpus.validation, corpus.test]).toEqual([plain.validation, plain.test]);
    expect(corpus.hash).not.toBe(plain.hash);
    const copied = new Map(
      plain.train.contexts?.map((context, i) => [`${context}\n${plain.train.characters?.[i]}`, i]),
    );
    for (let i = count; i < corpus.train.texts.length; i++) {
      const own = copied.get(`${corpus.train.contexts?.[i]}\n${corpus.train.characters?.[i]}`) as number;
      expect(corpus.train.labels[i]).toBe(plain.train.labels[own]);
      expect(corpus.train.strengths?.subarray(i * 28, (i + 1) * 28)).toEqual(
        plain.train.strengths?.subarray(own * 28, (own + 1) * 28),
      );
    }
    expect(corpus.notes[0]).toMatch(/^train: \d+ altered copies of 960 texts added /);
  });

  it('copies the texts that the limit leaves', async () => {
    const corpus = await loadCorpus(dataSchema.parse({ limit: 100, augment: { operations: ['swap'] } }), places);
    expect(corpus.train.texts.length).toBeGreaterThan(180);
    expect(corpus.train.texts.length).toBeLessThanOrEqual(200);
    expect(corpus.test.texts).toHaveLength(100);
  });

  it('gives other contents for another seed', async () => {
    const hashes = await Promise.all(
      [0, 0, 1].map(async (seed) => (await loadCorpus(dataSchema.parse({ augment: { seed } }), places)).hash),
    );
    expect(hashes[1]).toBe(hashes[0]);
    expect(hashes[2]).not.toBe(hashes[0]);
  });
});

describe('hash', () => {
  it('is that of the content, wherever it lies and in whichever format', async () => {
    const tsv = (content: string) => content.replaceAll(',', '\t');
    const first = await load(await temporaryFolder(files));
    const second = await load(
      await temporaryFolder({
        'train.tsv': tsv(files['train.csv']),
        'validation.tsv': tsv(files['validation.csv']),
        'test.csv': files['test.csv'],
      }),
    );
    expect(second.hash).toBe(first.hash);
    expect(first.hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('changes with a text, a label, the order, a split, the taxonomy and the exclusion', async () => {
    const variants = [
      files,
      { ...files, 'test.csv': files['test.csv'].replace('l,', 'm,') },
      { ...files, 'test.csv': files['test.csv'].replace('l,fear', 'l,joy') },
      { ...files, 'test.csv': csv('k,fear', 'j,joy', 'l,fear') },
      { ...files, 'test.csv': files['validation.csv'], 'validation.csv': files['test.csv'] },
      { ...files, 'labels.txt': 'joy\nfear\nanger' },
    ];
    const hashes = new Set<string>();
    for (const variant of variants) hashes.add((await load(await temporaryFolder(variant))).hash);
    hashes.add((await load(await temporaryFolder(files), ['anger'])).hash);
    expect(hashes.size).toBe(variants.length + 1);
  });
});

describe('refuses', () => {
  it('an unknown source, with the nearest known one', async () => {
    const [problem, ...others] = await problemsOf(load('go-emotions'));
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ code: 'DATA_UNKNOWN_SOURCE', given: 'source "go-emotions"' });
    expect(problem?.expected).toMatch(/^embedded, .*goemotions, .*, a folder with /);
    expect(problem?.remedy).toContain('Did you mean "goemotions"?');
  });

  it('names that every object has', async () => {
    expect(await problemsOf(load('constructor'))).toMatchObject([{ code: 'DATA_UNKNOWN_SOURCE' }]);
  });

  it('unknown classes, all of them, with the known ones', async () => {
    const problems = await problemsOf(load(await temporaryFolder(files), ['joyy', 'fear', 'ennui']));
    expect(problems.map(({ code, given }) => `${code} ${given}`)).toEqual([
      'DATA_UNKNOWN_CLASS exclude "joyy"',
      'DATA_UNKNOWN_CLASS exclude "ennui"',
    ]);
    expect(problems[0]?.expected).toBe('one of anger, fear, joy');
    expect(problems[0]?.remedy).toContain('Did you mean "joy"?');
    expect(problems[1]?.remedy).not.toContain('Did you mean');
  });

  it.each([
    ['one class', { 'train.csv': csv('a,joy', 'b,joy') }, [], ['DATA_ONE_CLASS']],
    ['one class after exclusion', {}, ['joy', 'fear'], ['DATA_ONE_CLASS', 'DATA_TOO_SMALL', 'DATA_TOO_SMALL']],
    ['no class after exclusion', {}, ['joy', 'fear', 'anger'], Array<string>(3).fill('DATA_TOO_SMALL')],
    ['no two classes with a pair', { 'train.csv': csv('a,joy', 'b,joy', 'c,fear', 'd,anger') }, [], ['DATA_TOO_SMALL']],
    ['a single test text', { 'test.csv': csv('j,joy') }, [], ['DATA_TOO_SMALL']],
  ])('%s', async (_, changed, exclude, codes) => {
    const problems = await problemsOf(load(await temporaryFolder({ ...files, ...changed }), exclude));
    expect(problems.map(({ code }) => code)).toEqual(codes);
  });
});
