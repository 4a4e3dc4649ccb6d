import { describe, expect, it } from 'vitest';
import { loadCorpus } from '../../src/data/corpus.ts';
import { readStories, utteranceSchema } from '../../src/data/embedded.ts';
import { emotions } from '../../src/data/emotions.ts';
import { groupings } from '../../src/data/groupings.ts';
import { splitNames } from '../../src/data/source.ts';
import { characterShingles, containment, jaccard, overlaps, wordShingles, words } from './nGramOverlap.ts';

// Reading checks every line against its schema.
const { stories, utterances, pairs } = await readStories();
const splitOf = new Map(stories.map(({ id, split }) => [id, split]));

const count = <T>(items: readonly T[]): Map<T, number> => {
  const counts = new Map<T, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
};

/** The greatest overlaps that are still taken for two texts of their own; a copy with a word changed lies above. */
const limits = [
  { name: 'Jaccard of 3-word shingles', shingle: (t: string) => wordShingles(t, 3), measure: jaccard, limit: 0.2 },
  {
    name: 'containment of 4-word shingles',
    shingle: (t: string) => wordShingles(t, 4),
    measure: containment,
    limit: 0.5,
  },
  {
    name: 'Jaccard of 5-character shingles',
    shingle: (t: string) => characterShingles(t, 5),
    measure: jaccard,
    limit: 0.4,
  },
] as const;

const longestShared = { utterance: 7, context: 9 } as const;

function alike(texts: readonly string[]): string[] {
  return limits.flatMap(({ name, shingle, measure, limit }) =>
    overlaps(texts.map(shingle), measure, limit).map(
      ({ first, second, value }) => `${name} ${value.toFixed(2)}: ${texts[first]} | ${texts[second]}`,
    ),
  );
}

describe('size and balance', () => {
  it('has at least 1,400 utterances in at least 70 stories with three to five characters', () => {
    expect(utterances.length).toBeGreaterThanOrEqual(1400);
    expect(stories.length).toBeGreaterThanOrEqual(70);
    for (const { id, characters } of stories) {
      expect(Object.keys(characters).length, id).toBeGreaterThanOrEqual(3);
      expect(Object.keys(characters).length, id).toBeLessThanOrEqual(5);
    }
  });

  it('has exactly the 28 classes of GoEmotions, each at least 50 times', () => {
    const counts = count(utterances.map(({ label }) => label));
    expect([...counts.keys()].sort()).toEqual([...emotions].sort());
    expect(emotions).toHaveLength(28);
    for (const [label, texts] of counts) expect(texts, label).toBeGreaterThanOrEqual(50);
  });

  it('has each degree of explicitness in at least 15 % of the utterances and in nearly every class', () => {
    const kinds = count(utterances.map(({ kind }) => kind));
    for (const kind of ['explicit', 'inferable', 'contextual'] as const) {
      expect((kinds.get(kind) ?? 0) / utterances.length, kind).toBeGreaterThanOrEqual(0.15);
      const classes = new Set(utterances.filter((u) => u.kind === kind).map(({ label }) => label));
      expect(classes.size, kind).toBeGreaterThanOrEqual(26);
    }
  });

  it('varies in length, from a few words to some forty, with the longest tenth twice as long as the shortest', () => {
    const lengths = utterances.map(({ utterance }) => words(utterance).length).sort((a, b) => a - b);
    const quantile = (q: number) => lengths[Math.round(q * (lengths.length - 1))] ?? Number.NaN;
    expect(quantile(0.9)).toBeGreaterThanOrEqual(2 * quantile(0.1));
    expect(lengths.filter((n) => n <= 10).length / lengths.length).toBeGreaterThan(0.2);
    expect(lengths.filter((n) => n >= 25).length / lengths.length).toBeGreaterThan(0.1);
    expect(quantile(0)).toBeGreaterThanOrEqual(3);
    expect(quantile(1)).toBeLessThanOrEqual(60);
  });

  it('rarely opens alike', () => {
    const openings = count(utterances.map(({ utterance }) => words(utterance).slice(0, 3).join(' ')));
    for (const [opening, texts] of openings) expect(texts, opening).toBeLessThanOrEqual(5);
  });
});

describe('pairs', () => {
  const { positive, negative }: Record<'positive' | 'negative', readonly string[]> = groupings.sentiment;
  const both = pairs.flatMap((first, i) => (i % 2 === 0 ? [[first, pairs[i + 1]] as const] : []));

  it('are two a story, the positive context before the negative one', () => {
    expect(pairs.map(({ id }) => id)).toEqual(
      stories.flatMap(({ id }) => ['21a', '21b', '22a', '22b'].map((own) => `${id}-${own}`)),
    );
    for (const [first, second] of both) {
      expect(second).toMatchObject({ story: first.story, character: first.character, utterance: first.utterance });
      expect(Object.keys(first.emotions).filter((emotion) => !positive.includes(emotion))).toEqual([]);
      expect(Object.keys(second?.emotions ?? {}).filter((emotion) => !negative.includes(emotion))).toEqual([]);
    }
  });

  it('are of a kind of their own, and have every class but those of neither side', () => {
    expect(new Set(pairs.map(({ kind }) => kind))).toEqual(new Set(['paired']));
    expect(utterances.filter(({ kind }) => kind === 'paired')).toEqual([]);
    expect([...new Set(pairs.map(({ label }) => label))].sort()).toEqual([...positive, ...negative].sort());
  });

  it('have contexts that differ in length by five words at most, by hardly any on average', () => {
    const lengths = both.map((pair) => pair.map((own) => words(own?.context ?? '').length));
    const differences = lengths.map(([a = 0, b = 0]) => a - b);
    expect(Math.max(...differences.map(Math.abs))).toBeLessThanOrEqual(5);
    expect(Math.abs(differences.reduce((sum, d) => sum + d, 0) / differences.length)).toBeLessThan(0.5);
  });

  it('say nothing that another utterance says', () => {
    const texts = [...utterances, ...both.map(([first]) => first)].map(({ utterance }) => utterance);
    expect(new Set(texts).size).toBe(texts.length);
    expect(alike(texts)).toEqual([]);
  });

  it('name no feeling in their contexts', () => {
    const more =
      'afraid angry annoyed ashamed cried cry crying disgusted embarrassed excited glad grateful grin happy hate hope hoped ' +
      'hopeful laugh laughed laughing loved loves nervous proud relieved sad smile smiled smiling sob sobbed sorry tears worried';
    const named = new Set([...emotions, ...more.split(' ')]);
    for (const { id, context } of pairs)
      expect(
        words(context).filter((word) => named.has(word)),
        id,
      ).toEqual([]);
  });

  it('come beside the other utterances in corpora of that name, and leave those of the other names as they were', async () => {
    const load = (source: string) => loadCorpus({ source, exclude: [] }, { dataFolder: '' });
    const [plain, paired, soft] = await Promise.all(
      ['embedded', 'embedded-paired', 'embedded-paired-soft-sentiment'].map(load),
    );
    for (const split of splitNames) {
      const own = pairs.filter(({ story }) => splitOf.get(story) === split);
      expect(paired?.[split].texts).toEqual([
        ...(plain?.[split].texts ?? []),
        ...own.map(({ utterance }) => utterance),
      ]);
      expect(soft?.[split].kinds?.filter((kind) => kind === 'paired')).toHaveLength(own.length);
      expect(plain?.[split].kinds).not.toContain('paired');
    }
    expect([paired?.name, soft?.name]).toEqual(['embedded-paired', 'embedded-paired-soft-sentiment']);
  });
});

describe('references', () => {
  it('numbers stories and utterances without repetition', () => {
    expect(new Set(stories.map(({ id }) => id)).size).toBe(stories.length);
    expect(new Set(stories.map(({ title }) => title)).size).toBe(stories.length);
    expect(new Set(utterances.map(({ id }) => id)).size).toBe(utterances.length);
    for (const { id, story } of [...utterances, ...pairs]) expect(id.startsWith(`${story}-`), id).toBe(true);
  });

  it('gives every utterance to a character of its story', () => {
    const characters = new Map(stories.map((story) => [story.id, Object.keys(story.characters)]));
    for (const { id, story, character } of [...utterances, ...pairs])
      expect(characters.get(story), id).toContain(character);
  });

  it('keeps neutral utterances free of stronger emotions', () => {
    for (const { id, label, emotions: soft } of utterances.filter(({ label }) => label === 'neutral')) {
      for (const [emotion, intensity] of Object.entries(soft)) {
        if (emotion !== label) expect(intensity, id).toBeLessThanOrEqual(0.2);
      }
    }
  });
});

describe('schema of an utterance', () => {
  const valid = utterances[0];
  const accepts = (change: object) => utteranceSchema.safeParse({ ...valid, ...change }).success;
  it.each([
    ['one emotion', { emotions: { joy: 1 }, label: 'joy' }, true],
    ['a unique maximum', { emotions: { joy: 0.8, pride: 0.7 }, label: 'joy' }, true],
    ['a shared maximum', { emotions: { joy: 0.8, pride: 0.8 }, label: 'joy' }, false],
    ['a label below the maximum', { emotions: { joy: 0.8, pride: 0.9 }, label: 'joy' }, false],
    ['a label without intensity', { emotions: { pride: 0.9 }, label: 'joy' }, false],
    ['no emotion', { emotions: {}, label: 'joy' }, false],
    [
      'six emotions',
      { emotions: { joy: 1, pride: 0.1, love: 0.1, fear: 0.1, anger: 0.1, grief: 0.1 }, label: 'joy' },
      false,
    ],
    ['an intensity of 0', { emotions: { joy: 1, pride: 0 }, label: 'joy' }, false],
    ['an intensity above 1', { emotions: { joy: 1.1 }, label: 'joy' }, false],
    ['an unknown emotion', { emotions: { joy: 1, hunger: 0.5 }, label: 'joy' }, false],
    ['an unknown kind', { kind: 'loud' }, false],
    ['a further field', { mood: 'good' }, false],
  ])('%s', (_, change, expected) => {
    expect(accepts(change)).toBe(expected);
  });
});

describe('groups of emotions', () => {
  it.each(['sentiment', 'ekman'] as const)('by %s are as strong as their strongest emotion', async (by) => {
    const [soft, multi] = await Promise.all(
      ['soft', 'multi'].map((labelling) =>
        loadCorpus({ source: `embedded-${labelling}-${by}`, exclude: [] }, { dataFolder: '' }),
      ),
    );
    const names = Object.keys(groupings[by]);
    expect(soft).toMatchObject({ name: `embedded-soft-${by}`, labelling: 'soft', labelNames: names });
    expect(multi).toMatchObject({ name: `embedded-multi-${by}`, labelling: 'multi', labelNames: names });
    const own = utterances.filter(({ story }) => splitOf.get(story) === 'test');
    const strengths: number[] = [];
    const decided: number[] = [];
    for (const { emotions: given, label } of own) {
      for (const members of Object.values(groupings[by] as Record<string, readonly string[]>)) {
        let greatest = 0;
        for (const [emotion, intensity] of Object.entries(given)) {
          if (members.includes(emotion) && intensity > greatest) greatest = intensity;
        }
        strengths.push(greatest);
        decided.push(Number(greatest >= 0.3 || members.includes(label)));
      }
    }
    expect(soft?.test.strengths).toEqual(Float32Array.from(strengths));
    expect(multi?.test.strengths).toEqual(Float32Array.from(decided));
    expect(soft?.test.labels).toEqual(multi?.test.labels);
  });
});

describe('no near-duplicates', () => {
  const texts = utterances.map(({ utterance }) => utterance);

  it('among the utterances', () => {
    expect(alike(texts)).toEqual([]);
  });

  it.each(['utterance', 'context'] as const)('shares no long sequence of words between two texts: %s', (field) => {
    const n = longestShared[field];
    const shingles = utterances.map((u) => wordShingles(u[field], n));
    const shared = overlaps(shingles, (both) => both, 1).map(({ first, second }) =>
      [first, second].map((i) => `${utterances[i]?.id}: ${utterances[i]?.[field]}`).join(' | '),
    );
    expect(shared).toEqual([]);
  });

  it('between an utterance and its own context', () => {
    for (const { id, utterance, context } of utterances) {
      expect(
        overlaps([wordShingles(utterance, 5), wordShingles(context, 5)], (both) => both, 1),
        id,
      ).toEqual([]);
    }
  });

  it('would find a copy in which one word was changed', () => {
    for (const text of texts.filter((_, i) => i % 40 === 0)) {
      const changed = words(text).map((word, i, all) => (i === Math.floor(all.length / 2) ? 'otherwise' : word));
      expect(alike([text, changed.join(' ')]).length, text).toBeGreaterThan(0);
    }
  });
});

describe('split', () => {
  it('is by story: no story is in two splits', async () => {
    const corpus = await loadCorpus({ source: 'embedded', exclude: [] }, { dataFolder: '' });
    const storyOf = new Map(utterances.map(({ utterance, story }) => [utterance, story]));
    const storiesIn = splitNames.map((split) => new Set(corpus[split].texts.map((text) => storyOf.get(text))));
    expect(storiesIn.reduce((sum, { size }) => sum + size, 0)).toBe(stories.length);
    expect(new Set(storiesIn.flatMap((set) => [...set])).size).toBe(stories.length);
    for (const [i, split] of splitNames.entries()) {
      for (const story of storiesIn[i] ?? []) expect(splitOf.get(story ?? '')).toBe(split);
    }
  });

  it.each(splitNames)('has every class in %s', (split) => {
    const present = new Set(utterances.filter(({ story }) => splitOf.get(story) === split).map(({ label }) => label));
    expect(present.size).toBe(emotions.length);
  });

  it('keeps at least half for training and a tenth for each other split', () => {
    const sizes = count(utterances.map(({ story }) => splitOf.get(story)));
    expect(sizes.get('train')).toBeGreaterThanOrEqual(utterances.length / 2);
    expect(sizes.get('validation')).toBeGreaterThanOrEqual(utterances.length / 10);
    expect(sizes.get('test')).toBeGreaterThanOrEqual(utterances.length / 10);
  });
});
