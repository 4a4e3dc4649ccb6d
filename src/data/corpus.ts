import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { didYouMean } from '../didYouMean.ts';
import { type Problem, throwIfAny, UserError } from '../errors.ts';
import { stream } from '../random.ts';
import { augment, augmentationSchema } from './augmentation.ts';
import { type Declaration, declarationSchema } from './declaration.ts';
import { redivide, sharesSchema, undivided } from './divide.ts';
import { embedded, embeddedSource } from './embedded.ts';
import { emoContext } from './emoContext.ts';
import { emotion } from './emotion.ts';
import { goEmotions, goEmotionsMultiSource, goEmotionsSource } from './goEmotions.ts';
import { iemocap } from './iemocap.ts';
import { isear } from './isear.ts';
import { isFolder } from './isFolder.ts';
import { describeLeaks, leakReport } from './leaks.ts';
import { mustardSource } from './mustard.ts';
import { fileSource, folderSource } from './ownData.ts';
import {
  type CorpusSource,
  type DataPlaces,
  type Example,
  type Labelling,
  mapSplits,
  type SourceContent,
  type SplitName,
  splitNames,
} from './source.ts';
import { sst2 } from './sst2.ts';
import { strongestOf } from './strengths.ts';
import { swmh } from './swmh.ts';
import { isTable } from './tableFile.ts';
import { tweetEvalIrony } from './tweetEvalIrony.ts';

/** The corpora that have a name. Anything else is taken for a folder or a file. */
export const sources = {
  embedded,
  'embedded-sentiment': embeddedSource({ grouping: 'sentiment' }),
  'embedded-ekman': embeddedSource({ grouping: 'ekman' }),
  'embedded-multi': embeddedSource({ labelling: 'multi' }),
  'embedded-multi-sentiment': embeddedSource({ labelling: 'multi', grouping: 'sentiment' }),
  'embedded-multi-ekman': embeddedSource({ labelling: 'multi', grouping: 'ekman' }),
  'embedded-soft': embeddedSource({ labelling: 'soft' }),
  'embedded-soft-sentiment': embeddedSource({ labelling: 'soft', grouping: 'sentiment' }),
  'embedded-soft-ekman': embeddedSource({ labelling: 'soft', grouping: 'ekman' }),
  'embedded-paired': embeddedSource({ paired: true }),
  'embedded-paired-sentiment': embeddedSource({ paired: true, grouping: 'sentiment' }),
  'embedded-paired-soft-sentiment': embeddedSource({ labelling: 'soft', paired: true, grouping: 'sentiment' }),
  goemotions: goEmotions,
  'goemotions-sentiment': goEmotionsSource('sentiment'),
  'goemotions-ekman': goEmotionsSource('ekman'),
  'goemotions-multi': goEmotionsMultiSource(),
  'goemotions-multi-sentiment': goEmotionsMultiSource('sentiment'),
  'goemotions-multi-ekman': goEmotionsMultiSource('ekman'),
  emotion,
  sst2,
  'tweeteval-irony': tweetEvalIrony,
  mustard: mustardSource(),
  'mustard-fold1': mustardSource(1),
  'mustard-fold2': mustardSource(2),
  'mustard-fold3': mustardSource(3),
  'mustard-fold4': mustardSource(4),
  'mustard-fold5': mustardSource(5),
  emocontext: emoContext,
  isear,
  iemocap,
  swmh,
} as const satisfies Record<string, CorpusSource>;

/** Which corpus, which part of it, and how its texts are divided and multiplied. */
export const dataSchema = z.strictObject({
  /**
   * The name of a corpus (see `sources`), a folder with train, validation and test files, or a single file. With
   * `+context` behind it texts are encoded together with their contexts, as two segments, and with `+character` the first
   * of them, or its end, is who says the text.
   */
  source: z.string().min(1).default('embedded'),
  /** How one's own folder or file is read. */
  own: declarationSchema.optional(),
  /** Names of classes to leave out, e.g. `['neutral']`. */
  exclude: z.array(z.string()).default([]),
  /** At most so many texts of each split, altered copies not counted, drawn at random but always the same. Default: all. */
  limit: z.int().min(2).optional(),
  /**
   * Divides the texts of all splits anew, by shares of each class, and before classes are excluded: 70/15/15 for `{}`. Of
   * a single file it takes the place of `own.split`. Default, and null: the source's own splits.
   */
  resplit: sharesSchema({ train: 0.7, validation: 0.15, test: 0.15 }).nullish(),
  /** Altered copies of the train texts that are left in the end, beside them. Default, and null: none. */
  augment: augmentationSchema.nullish(),
});

export type DataOptions = z.output<typeof dataSchema>;

/** One part of a corpus; the arrays run in parallel. */
interface Split {
  readonly texts: readonly string[];
  /** [texts], indices into the corpus's `labelNames`; of several classes the strongest. */
  readonly labels: Int32Array;
  /** [texts · classes], row by row, 0–1: what each class has of a text. Not in single-label corpora. */
  readonly strengths?: Float32Array;
  /** What happened before each text, if the corpus has it for all of them. */
  readonly contexts?: readonly string[];
  /** Who says each text, if the corpus has it for all of them. */
  readonly characters?: readonly string[];
  /** Of which kind each text is, if the corpus tells kinds apart. */
  readonly kinds?: readonly string[];
}

/** What may stand behind the name of a corpus: its texts are encoded together with these, as their first segment. */
const additions = ['context', 'character'] as const;
type Addition = (typeof additions)[number];

/** A corpus of texts with their classes. */
export interface Corpus extends Readonly<Record<SplitName, Split>> {
  readonly name: string;
  readonly labelNames: readonly string[];
  readonly labelling: Labelling;
  /** Whether a text is encoded together with its context; then every text has one. */
  readonly contextual: boolean;
  /** SHA-256 over class names, texts, labels and contexts, after exclusion: equal hash, equal data. */
  readonly hash: string;
  /** Where the texts come from. */
  readonly provenance: string;
  readonly licence: string;
  /** Counted: what was left out and why, repeated and contradictory texts, leaks between the splits. */
  readonly notes: readonly string[];
}

/**
 * Loads a corpus, leaves out the excluded classes and reports, without removing anything, what repeats or leaks.
 *
 * @throws UserError DATA_UNKNOWN_SOURCE, DATA_UNKNOWN_CLASS, DATA_ONE_CLASS, DATA_TOO_SMALL, DATA_WITHOUT_CONTEXT,
 * DATA_WITHOUT_CHARACTER, or what the source found
 */
export async function loadCorpus(options: DataOptions, places: DataPlaces): Promise<Corpus> {
  const { source, own, exclude, limit, resplit, augment: augmentation } = options;
  const { plain, added } = withoutAdditions(source);
  const published = await (await findSource(plain, own, resplit != null)).read(places);
  const content = resplit ? redivide(published, resplit) : published;
  throwIfAny(unknownClasses(exclude, content.labelNames));
  const chosen = excludeClasses(content, exclude);
  const limited = limit === undefined ? chosen : limitSplits(chosen, limit);
  throwIfAny(sizeProblems(limited));
  const kept = augmentation ? augment(limited, augmentation) : limited;
  const { name, labelNames, labelling = 'single', provenance, licence } = kept;
  const indexOf = new Map(labelNames.map((label, i) => [label, i]));
  const toSplit = (examples: readonly Example[]): Split => {
    const contexts = examples.flatMap((example) => segmentOf(example, added) ?? []);
    const characters = examples.flatMap(({ character }) => (character === undefined ? [] : [character]));
    const kinds = examples.flatMap(({ kind }) => kind ?? []);
    const strengths = ({ strengths: own = {} }: Example) => labelNames.map((label) => own[label] ?? 0);
    return {
      texts: examples.map(({ text }) => text),
      labels: Int32Array.from(examples, ({ label }) => indexOf.get(label) ?? -1),
      ...(labelling !== 'single' && { strengths: Float32Array.from(examples.flatMap(strengths)) }),
      ...(contexts.length === examples.length && { contexts }),
      ...(characters.length === examples.length && { characters }),
      ...(kinds.length === examples.length && { kinds }),
    };
  };
  const train = toSplit(kept.splits.train);
  const validation = toSplit(kept.splits.validation);
  const test = toSplit(kept.splits.test);
  throwIfAny(missingAdditions(kept, added));
  const suffix = added.map((addition) => `+${addition}`).join('');
  return {
    name: name + suffix,
    labelNames,
    labelling,
    contextual: added.length > 0,
    train,
    validation,
    test,
    hash: contentHash(labelNames, [train, validation, test], suffix),
    provenance,
    licence,
    notes: [
      ...kept.notes,
      ...(labelling === 'single' ? [] : [byStrongest]),
      ...describeUnseenClasses(kept),
      ...describeLeaks(
        leakReport(mapSplits((split) => kept.splits[split].map((example) => asEncoded(example, added)))),
      ),
    ],
  };
}

async function findSource(source: string, own: Declaration | undefined, whole: boolean): Promise<CorpusSource> {
  const named = new Map<string, CorpusSource>(Object.entries(sources)).get(source);
  if (named && own) {
    throw new UserError({
      code: 'DATA_OWN_OF_NAMED',
      given: `data.own for ${source}`,
      expected: 'a folder or a file, which data.own describes',
      remedy: 'Remove data.own, or name your own data as the source.',
    });
  }
  if (named) return named;
  const declaration = own ?? declarationSchema.parse({});
  if (await isFolder(source)) return folderSource(source, declaration);
  if (isTable(source) && existsSync(source)) {
    return fileSource(source, whole ? { ...declaration, split: undivided } : declaration);
  }
  const names = Object.keys(sources);
  throw new UserError({
    code: 'DATA_UNKNOWN_SOURCE',
    given: `source "${source}"`,
    expected: `${names.join(', ')}, with or without +context and +character, a folder with train, validation and test files, or a .csv, .tsv, .jsonl or .parquet file`,
    remedy: `Correct the name or the path.${didYouMean(source, source.includes('+') ? names.map((name) => `${name}+context`) : names)}`,
  });
}

function unknownClasses(exclude: readonly string[], labelNames: readonly string[]): Problem[] {
  return exclude
    .filter((name) => !labelNames.includes(name))
    .map((name) => ({
      code: 'DATA_UNKNOWN_CLASS',
      given: `exclude "${name}"`,
      expected: `one of ${labelNames.join(', ')}`,
      remedy: `Correct the name.${didYouMean(name, labelNames)}`,
    }));
}

function excludeClasses(content: SourceContent, exclude: readonly string[]): SourceContent {
  if (exclude.length === 0) return content;
  const excluded = new Set(exclude);
  const keep = (examples: readonly Example[]) =>
    examples.flatMap((example) => withoutClasses(example, excluded, content.labelNames));
  const { train, validation, test } = content.splits;
  const splits = { train: keep(train), validation: keep(validation), test: keep(test) };
  const counts = splitNames.map((name) => `${content.splits[name].length - splits[name].length} ${name}`);
  return {
    ...content,
    labelNames: content.labelNames.filter((label) => !excluded.has(label)),
    splits,
    notes: [...content.notes, `excluded ${[...excluded].join(', ')}: ${counts.join(', ')} texts`],
  };
}

/** The text without these classes; none if it has no other. */
function withoutClasses(example: Example, excluded: ReadonlySet<string>, labelNames: readonly string[]): Example[] {
  if (!example.strengths) return excluded.has(example.label) ? [] : [example];
  const left = Object.entries(example.strengths).filter(([name]) => !excluded.has(name));
  if (left.length === 0) return [];
  const strengths = Object.fromEntries(left);
  const label = excluded.has(example.label) ? strongestOf(strengths, labelNames) : example.label;
  return [{ ...example, label, strengths }];
}

function limitSplits(content: SourceContent, limit: number): SourceContent {
  const draw = (split: SplitName) => {
    const examples = content.splits[split];
    const order = stream(0, 'limit', split).shuffle(examples.keys());
    const drawn = new Set(order.slice(0, limit));
    return examples.filter((_, i) => drawn.has(i));
  };
  return {
    ...content,
    splits: { train: draw('train'), validation: draw('validation'), test: draw('test') },
    notes: [...content.notes, `limited to ${limit} texts of each split`],
  };
}

/** What the objectives and metrics need: contrasts and pairs in train, pairs of texts in the splits that are measured. */
function sizeProblems({ name, splits, withoutValidation }: SourceContent): Problem[] {
  const textsOfClass = new Map<string, number>();
  for (const label of splits.train.flatMap(classesOf)) textsOfClass.set(label, (textsOfClass.get(label) ?? 0) + 1);
  const problems: Problem[] = [];
  if (textsOfClass.size === 1) {
    problems.push({
      code: 'DATA_ONE_CLASS',
      given: `every train text of ${name} has the label "${[...textsOfClass.keys()].join()}"`,
      expected: 'at least two classes, or there is nothing to contrast',
      remedy: 'Add texts of another class or exclude fewer classes.',
    });
  } else if ([...textsOfClass.values()].filter((texts) => texts >= 2).length < 2) {
    problems.push({
      code: 'DATA_TOO_SMALL',
      given: `train of ${name} has ${splits.train.length} texts in ${textsOfClass.size} classes`,
      expected: 'at least two classes with at least two texts each',
      remedy: 'Add texts or exclude fewer classes.',
    });
  }
  for (const split of ['validation', 'test'] as const) {
    const size = splits[split].length;
    if (size >= 2 || (split === 'validation' && size === 0 && withoutValidation)) continue;
    problems.push({
      code: 'DATA_TOO_SMALL',
      given: `${split} of ${name} has ${size} texts`,
      expected: 'at least two',
      remedy: 'Add texts or exclude fewer classes.',
    });
  }
  return problems;
}

function classesOf({ label, strengths }: Example): string[] {
  return strengths ? Object.keys(strengths) : [label];
}

function describeUnseenClasses({ labelNames, splits }: SourceContent): string[] {
  const seen = new Set(splits.train.flatMap(classesOf));
  const unseen = labelNames.filter((label) => !seen.has(label));
  return unseen.length > 0 ? [`no train text has the label ${unseen.join(', ')}`] : [];
}

const byStrongest = 'texts may have several classes; what goes by one, such as kNN, goes by the strongest';

/** Whether the texts of a corpus of that name are encoded together with what precedes them. */
export function isContextual(source: string): boolean {
  return withoutAdditions(source).added.length > 0;
}

/** The name of a corpus, and what is to be added to its texts. */
function withoutAdditions(source: string): { readonly plain: string; readonly added: readonly Addition[] } {
  const last = additions.find((addition) => source.endsWith(`+${addition}`));
  if (last === undefined) return { plain: source, added: [] };
  const { plain, added } = withoutAdditions(source.slice(0, -`+${last}`.length));
  return { plain, added: additions.filter((addition) => addition === last || added.includes(addition)) };
}

/** What precedes a text as its first segment: its context where nothing else is asked for; undefined if it has none. */
function segmentOf({ context, character }: Example, added: readonly Addition[]): string | undefined {
  if (!added.includes('character')) return context;
  const speaker = character === undefined ? undefined : `${character}:`;
  if (!added.includes('context')) return speaker;
  // The first turn of a dialogue may have an empty context.
  return context && speaker ? `${context} ${speaker}` : context === '' ? speaker : undefined;
}

/** With what is added as a part of the text. */
function asEncoded(example: Example, added: readonly Addition[]): Example {
  return added.length === 0 ? example : { ...example, text: `${segmentOf(example, added)}\n${example.text}` };
}

function missingAdditions({ name, splits }: SourceContent, added: readonly Addition[]): Problem[] {
  const texts = splitNames.flatMap((split) => splits[split]);
  return added.flatMap((addition) => {
    const without = texts.filter((example) => example[addition] === undefined).length;
    if (without === 0) return [];
    return {
      code: `DATA_WITHOUT_${addition.toUpperCase()}`,
      given: `${name}+${addition}, but ${without} of ${texts.length} texts have no ${addition}`,
      expected: `a ${addition} of every text, in the column ${addition} or the one that data.own.columns.${addition} names`,
      remedy: `Add them, or use ${name} without +${addition}.`,
    };
  });
}

function contentHash(labelNames: readonly string[], splits: readonly Split[], suffix: string): string {
  const hash = createHash('sha256').update(JSON.stringify(labelNames));
  hash.update(suffix);
  for (const { texts, labels, contexts, strengths } of splits) {
    hash.update(JSON.stringify([texts, [...labels], contexts ?? null]));
    if (strengths) hash.update(strengths);
  }
  return hash.digest('hex');
}
