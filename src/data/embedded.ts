import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { emotions } from './emotions.ts';
import { type GroupingName, groupingOf } from './groupings.ts';
import { ProblemList } from './problemList.ts';
import { checkRows, readJsonLines } from './rows.ts';
import { type CorpusSource, type Example, type SourceContent, type SplitName, splitNames } from './source.ts';
import { decided, expressed, renamed, type Strengths } from './strengths.ts';

/** A line of stories.jsonl. */
const storySchema = z.strictObject({
  id: z.string().regex(/^s\d\d$/),
  title: z.string().min(1),
  plot: z.string().min(1),
  setting: z.string().min(1),
  /** Name to a few words of description. */
  characters: z.record(z.string().min(1), z.string().min(1)),
  /** Every utterance of a story is in the story's split. */
  split: z.enum(splitNames),
});

/** A line of utterances.jsonl or pairs.jsonl. */
export const utteranceSchema = z
  .strictObject({
    id: z.string().regex(/^s\d\d-\d\d[ab]?$/),
    story: z.string(),
    character: z.string(),
    /** The situation up to the utterance, by the narrator. */
    context: z.string().min(1),
    utterance: z.string().min(1),
    /** One to five emotions with their intensity, above 0 and up to 1. */
    emotions: z
      .partialRecord(z.enum(emotions), z.number().gt(0).max(1))
      .refine((e) => Object.keys(e).length >= 1 && Object.keys(e).length <= 5, 'one to five emotions'),
    /** The emotion of greatest intensity, which no other one reaches. */
    label: z.enum(emotions),
    /**
     * Whether the emotion is named, can be inferred from the utterance, or needs the context; or whether the utterance stands
     * in two contexts, with a positive emotion in one and a negative one in the other.
     */
    kind: z.enum(['explicit', 'inferable', 'contextual', 'paired']),
  })
  .refine(
    ({ emotions: e, label }) => Object.entries(e).every(([name, v]) => name === label || v < (e[label] ?? 0)),
    'the label to be the only emotion of greatest intensity',
  );

export type Story = z.output<typeof storySchema>;
export type Utterance = z.output<typeof utteranceSchema>;

const folder = fileURLToPath(new URL('embedded/', import.meta.url));

/**
 * Reads the stories and utterances that come with the project.
 *
 * @returns `pairs`: utterances in two contexts each, the one behind the other, the positive one first
 * @throws UserError if the files do not hold what their schemas say, or if an utterance belongs to no story
 */
export async function readStories(): Promise<{ stories: Story[]; utterances: Utterance[]; pairs: Utterance[] }> {
  const problems = new ProblemList();
  const stories = checkRows(await readJsonLines(`${folder}stories.jsonl`, problems), storySchema, problems);
  const readUtterances = async (file: string) =>
    checkRows(await readJsonLines(`${folder}${file}`, problems), utteranceSchema, problems);
  const utterances = await readUtterances('utterances.jsonl');
  const pairs = await readUtterances('pairs.jsonl');
  const ids = new Set(stories.map(({ values }) => values.id));
  for (const { at, values } of [...utterances, ...pairs]) {
    if (ids.has(values.story)) continue;
    problems.add({
      code: 'DATA_UNKNOWN_STORY',
      given: `${at}, story "${values.story}"`,
      expected: 'the id of a valid line of stories.jsonl',
      remedy: 'Add the story or correct the id.',
    });
  }
  problems.throwIfAny();
  const valuesOf = <T>(lines: readonly { readonly values: T }[]) => lines.map(({ values }) => values);
  return { stories: valuesOf(stories), utterances: valuesOf(utterances), pairs: valuesOf(pairs) };
}

/** Utterances of characters in short stories written for this project; one class each, split by story. */
export const embedded = embeddedSource();

/** Which utterances, in which classes. */
interface EmbeddedOptions {
  /** Of the classes, each as strong as the strongest of its emotions; default: the emotions themselves. */
  readonly grouping?: GroupingName;
  /**
   * All emotions of an utterance, its label among them: `soft` as strong as they are, `multi` those of an intensity of .3 or
   * more. Default: the label alone.
   */
  readonly labelling?: 'multi' | 'soft';
  /**
   * Whether the utterances that stand in two contexts come beside the others. Who does not read the context gives both the
   * same classes, and so is right about half of them at most. Default: no.
   */
  readonly paired?: boolean;
}

export function embeddedSource(options: EmbeddedOptions = {}): CorpusSource {
  return { read: () => readEmbedded(options) };
}

async function readEmbedded({ grouping, labelling, paired }: EmbeddedOptions): Promise<SourceContent> {
  const { stories, utterances, pairs } = await readStories();
  const chosen = paired ? [...utterances, ...pairs] : utterances;
  const { groups, groupOf } = groupingOf(grouping);
  const nameOf = (emotion: string) => groupOf.get(emotion) ?? emotion;
  const strengthsOf = ({ emotions: own, label }: Utterance): Strengths => {
    const strengths = renamed(own, nameOf);
    return labelling === 'multi' ? decided(strengths, nameOf(label), expressed) : strengths;
  };
  const splitOf = new Map(stories.map(({ id, split }) => [id, split]));
  const splits: Record<SplitName, Example[]> = { train: [], validation: [], test: [] };
  for (const utterance of chosen) {
    const { story, utterance: text, label, context, character, kind } = utterance;
    const split = splitOf.get(story);
    if (!split) continue;
    splits[split].push({
      text,
      label: nameOf(label),
      ...(labelling && { strengths: strengthsOf(utterance) }),
      context,
      character,
      kind,
    });
  }
  return {
    name: ['embedded', paired && 'paired', labelling, grouping].filter(Boolean).join('-'),
    labelNames: groups,
    ...(labelling && { labelling }),
    splits,
    provenance: `${chosen.length} utterances in ${stories.length} stories, written for this project`,
    licence: 'CC BY 4.0',
    notes: [],
  };
}
