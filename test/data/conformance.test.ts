import { describe, expect, it, type TestContext } from 'vitest';
import { type Corpus, loadCorpus, sources } from '../../src/data/corpus.ts';
import { splitNames } from '../../src/data/source.ts';
import { UserError } from '../../src/errors.ts';
import { problemsOf } from './problems.ts';
import { temporaryFolder } from './temporaryFolder.ts';

const dataFolder = process.env.CONTRAFIT_DATA ?? '';

const rows = (from: number) =>
  ['text\tlabel', ...Array.from({ length: 12 }, (_, i) => `text ${from + i}\tclass ${i % 3}`)].join('\n');

/** Every registered source, and a folder. */
const subjects = [...Object.keys(sources), 'a folder'] as const;

async function load(subject: string, context: TestContext, exclude: readonly string[] = []): Promise<Corpus> {
  const source =
    subject === 'a folder'
      ? await temporaryFolder({ 'train.tsv': rows(0), 'validation.tsv': rows(20), 'test.tsv': rows(40) })
      : subject;
  try {
    return await loadCorpus({ source, exclude: [...exclude] }, { dataFolder });
  } catch (error) {
    if (error instanceof UserError && error.problems.some(({ code }) => code === 'DATA_NOT_INSTALLED')) {
      context.skip(`${subject} is not in CONTRAFIT_DATA`);
    }
    throw error;
  }
}

describe.each(subjects)('%s', (subject) => {
  it('has parallel texts and labels in three splits', async (context) => {
    const corpus = await load(subject, context);
    for (const split of splitNames) {
      const { texts, labels, contexts, strengths } = corpus[split];
      // Some publishers give no validation texts.
      if (split !== 'validation' || texts.length > 0) expect(texts.length).toBeGreaterThanOrEqual(2);
      expect(labels).toHaveLength(texts.length);
      expect(strengths !== undefined).toBe(corpus.labelling !== 'single');
      if (strengths) expect(strengths).toHaveLength(texts.length * corpus.labelNames.length);
      if (contexts) expect(contexts).toHaveLength(texts.length);
      expect(texts.every((text) => text.trim() !== '')).toBe(true);
      expect(labels.every((label) => label >= 0 && label < corpus.labelNames.length)).toBe(true);
    }
  });

  it('names each class once and says where it comes from', async (context) => {
    const { labelNames, name, provenance, licence, notes } = await load(subject, context);
    expect(labelNames.length).toBeGreaterThanOrEqual(2);
    expect(new Set(labelNames).size).toBe(labelNames.length);
    for (const statement of [name, provenance, licence, ...notes]) expect(statement).not.toBe('');
  });

  it('loads the same again, with the same hash', async (context) => {
    const first = await load(subject, context);
    const second = await load(subject, context);
    expect(second.hash).toBe(first.hash);
    for (const split of splitNames) expect(second[split]).toEqual(first[split]);
  });

  it('can leave a class out', async (context) => {
    const whole = await load(subject, context);
    const last = whole.labelNames.length - 1;
    const excluded = whole.labelNames[last] ?? '';
    if (last === 1) {
      const [problem] = await problemsOf(load(subject, context, [excluded]));
      expect(problem?.code).toBe('DATA_ONE_CLASS');
      return;
    }
    const part = await load(subject, context, [excluded]);
    expect(part.labelNames).toEqual(whole.labelNames.slice(0, last));
    expect(part.hash).not.toBe(whole.hash);
    for (const split of splitNames) {
      const { texts, labels, strengths } = whole[split];
      const hasAnother = (i: number) =>
        strengths
          ? strengths.subarray(i * (last + 1), i * (last + 1) + last).some((value) => value > 0)
          : labels[i] !== last;
      const kept = texts.filter((_, i) => hasAnother(i));
      expect(part[split].texts).toEqual(kept);
    }
  });
});
