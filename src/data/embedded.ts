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

/** A line of utterances.jsonl. */
export const utteranceSchema = z
  .strictObject({
    id: z.string().regex(/^s\d\d-\d\d$/),
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
    /** Whether the emotion is named, can be inferred from the utterance, or needs the context. */
    kind: z.enum(['explicit', 'inferable', 'contextual']),
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
 * @throws UserError if the files do not hold what their schemas say, or if an utterance belongs to no story
 */
export async function readStories(): Promise<{ stories: Story[]; utterances: Utterance[] }> {
  const problems = new ProblemList();
  const stories = checkRows(await readJsonLines(`${folder}stories.jsonl`, problems), storySchema, problems);
  const utterances = checkRows(await readJsonLines(`${folder}utterances.jsonl`, problems), utteranceSchema, problems);
  const ids = new Set(stories.map(({ values }) => values.id));
  for (const { at, values } of utterances) {
    if (ids.has(values.story)) continue;
    problems.add({
      code: 'DATA_UNKNOWN_STORY',
      given: `${at}, story "${values.story}"`,
      expected: 'the id of a valid line of stories.jsonl',
      remedy: 'Add the story or correct the id.',
    });
  }
  problems.throwIfAny();
  return { stories: stories.map(({ values }) => values), utterances: utterances.map(({ values }) => values) };
}

/** Utterances of characters in short stories written for this project; one class each, split by story. */
export const embedded = embeddedSource();

/** @param grouping of the classes; default: the emotions themselves */
export function embeddedSource(grouping?: GroupingName): CorpusSource {
  return { read: () => readEmbedded(grouping) };
}

/**
 * The utterances with all their emotions: `soft` as strong as they are, `multi` those of an intensity of .3 or more. The
 * label is in both. A group is as strong as the strongest of its emotions.
 *
 * @param grouping of the classes; default: the emotions themselves
 */
export function embeddedStrengths(labelling: 'multi' | 'soft', grouping?: GroupingName): CorpusSource {
  return {
    async read() {
      const { groupOf } = groupingOf(grouping);
      const nameOf = (emotion: string) => groupOf.get(emotion) ?? emotion;
      const content = await readEmbedded(grouping, ({ emotions: own, label }) => {
        const strengths = renamed(own, nameOf);
        return labelling === 'multi' ? decided(strengths, nameOf(label), expressed) : strengths;
      });
      const name = ['embedded', labelling, ...(grouping ? [grouping] : [])].join('-');
      return { ...content, name, labelling };
    },
  };
}

async function readEmbedded(
  grouping?: GroupingName,
  strengthsOf?: (utterance: Utterance) => Strengths,
): Promise<SourceContent> {
  const { stories, utterances } = await readStories();
  const { groups, groupOf } = groupingOf(grouping);
  const splitOf = new Map(stories.map(({ id, split }) => [id, split]));
  const splits: Record<SplitName, Example[]> = { train: [], validation: [], test: [] };
  for (const utterance of utterances) {
    const { story, utterance: text, label, context, character, kind } = utterance;
    const split = splitOf.get(story);
    if (!split) continue;
    splits[split].push({
      text,
      label: groupOf.get(label) ?? label,
      ...(strengthsOf && { strengths: strengthsOf(utterance) }),
      context,
      character,
      kind,
    });
  }
  return {
    name: grouping ? `embedded-${grouping}` : 'embedded',
    labelNames: groups,
    splits,
    provenance: `${utterances.length} utterances in ${stories.length} stories, written for this project`,
    licence: 'CC BY 4.0',
    notes: [],
  };
}
