import { row } from '../evaluation/matrix.ts';
import type { Asker } from './asker.ts';
import type { Embedder } from './embedder.ts';
import type { Emotion } from './emotion.ts';
import { labelOf, type SynthesisedExample } from './example.ts';
import { type LabelMap, mapEmotions } from './labelMap.ts';
import type { Narrative } from './narratives.ts';
import { isNearDuplicate } from './nearDuplicates.ts';
import type { SynthesisOptions } from './options.ts';
import type { ProgressCounter } from './progress.ts';
import type { Steering } from './quota.ts';
import { type Character, charactersStage } from './stages/characters.ts';
import { cleanStage } from './stages/clean.ts';
import { contextStage } from './stages/context.ts';
import { labelsStage, type Rating, type UtteranceInput } from './stages/labels.ts';
import { rewriteStage } from './stages/rewrite.ts';
import { utterancesStage } from './stages/utterances.ts';
import type { Tally } from './tally.ts';

/** What the rounds of a synthesis share. */
export interface RoundParts {
  readonly asker: Asker;
  readonly embedder: Embedder;
  readonly labelMap: LabelMap;
  readonly options: SynthesisOptions;
  readonly tally: Tally;
  readonly progress: ProgressCounter;
}

/** An example and the embeddings of its two texts, of length 1. */
export interface AcceptedExample {
  readonly example: SynthesisedExample;
  /** Of `utterance`. */
  readonly embedding: Float32Array;
  /** Of `ambiguous`. */
  readonly ambiguousEmbedding: Float32Array;
}

/** What earlier rounds have accepted. A round reads it and changes nothing. */
export interface Accepted {
  readonly examples: readonly AcceptedExample[];
  /** Examples by label. */
  readonly counts: ReadonlyMap<Emotion, number>;
}

/** A rated utterance. */
interface Candidate extends UtteranceInput {
  readonly id: string;
  readonly ratings: readonly Rating[];
}

/** A candidate that was accepted so far. */
interface Chosen extends Candidate {
  readonly emotions: SynthesisedExample['emotions'];
  readonly embedding: Float32Array;
}

/** A candidate that went through all stages. */
type Finished = Omit<AcceptedExample, 'ambiguousEmbedding'>;

/**
 * One round: the utterances of some narratives, asked for at the same time; then, in a fixed order, the decision which of
 * them are taken; then contexts and rewriting of these; then, in the same order, which rewritings are new. So what comes
 * out does not depend on which answer came first.
 */
export async function runRound(
  narratives: readonly Narrative[],
  steering: Steering,
  accepted: Accepted,
  parts: RoundParts,
): Promise<AcceptedExample[]> {
  const { progress } = parts;
  progress.beginRound();
  const found = await Promise.all(narratives.map((narrative) => candidatesOf(narrative, steering, parts)));
  const candidates = found.flat();
  const chosen = await choose(candidates, accepted, parts);
  progress.decided(candidates.length, chosen.length);
  const finished = (await Promise.all(chosen.map((candidate) => finish(candidate, parts)))).flat();
  const different = await withNewRewritings(finished, accepted, parts);
  progress.finished(different.length);
  return different;
}

/** Stages 1 to 3. */
async function candidatesOf(narrative: Narrative, steering: Steering, parts: RoundParts): Promise<Candidate[]> {
  const { asker, options, tally } = parts;
  const most = options.characters;
  const answer = await asker.ask(charactersStage, { narrative, most });
  const characters = distinct(answer?.characters ?? []).slice(0, most);
  const ofEach = await Promise.all(
    characters.map(async (character, i) => {
      const own = await asker.ask(utterancesStage, { narrative, character, steering });
      if (!own) return [];
      const utterances = own.emotional.map(({ text }) => text);
      if (steering.neutralFull) tally.unrated += own.neutral.length;
      else utterances.push(...own.neutral);
      return Promise.all(
        utterances.map(async (utterance, j): Promise<Candidate[]> => {
          const input = { narrative, character, utterance };
          const rated = await asker.ask(labelsStage, input);
          const id = `${narrative.id}-${i + 1}-${j + 1}`;
          return rated ? [{ ...input, id, ratings: rated.emotions }] : [];
        }),
      );
    }),
  );
  return ofEach.flat(2);
}

/** A name that comes again is the same character. */
function distinct(characters: readonly Character[]): Character[] {
  return characters.filter(({ name }, i) => characters.findIndex((other) => other.name === name) === i);
}

/** Decides in the order of the candidates: has it a label, is it new, is its class not full. */
async function choose(
  candidates: readonly Candidate[],
  accepted: Accepted,
  { embedder, labelMap, options: { quota, maxSimilarity }, tally }: RoundParts,
): Promise<Chosen[]> {
  if (candidates.length === 0) return [];
  const embeddings = await embedder.embed(candidates.map(({ utterance }) => utterance));
  const earlier = accepted.examples.map(({ embedding }) => embedding);
  const counts = new Map(accepted.counts);
  const chosen: Chosen[] = [];
  for (const [i, candidate] of candidates.entries()) {
    const { emotions, remapped, dropped, unknown } = mapEmotions(candidate.ratings, labelMap);
    for (const word of remapped) tally.remapped.add(word);
    for (const word of dropped) tally.dropped.add(word);
    for (const word of unknown) tally.unknown.add(word);
    if (emotions.length === 0) {
      tally.rejected.add('no label');
      continue;
    }
    const embedding = row(embeddings, i);
    if (isNearDuplicate(embedding, earlier, maxSimilarity)) {
      tally.rejected.add('near-duplicate');
      continue;
    }
    const label = labelOf({ emotions });
    const count = counts.get(label) ?? 0;
    if (quota !== undefined && count >= quota) {
      tally.rejected.add('quota');
      continue;
    }
    counts.set(label, count + 1);
    earlier.push(embedding);
    chosen.push({ ...candidate, emotions, embedding });
  }
  return chosen;
}

/** Stages 4 to 6; nothing if one of them has no answer. */
async function finish(chosen: Chosen, { asker }: RoundParts): Promise<Finished[]> {
  const { id, narrative, character, utterance, emotions, embedding } = chosen;
  const told = await asker.ask(contextStage, { narrative, character, utterance });
  const clean = told && (await asker.ask(cleanStage, { context: told.context }));
  if (!clean) return [];
  const rewritten = await asker.ask(rewriteStage, { character, context: clean.context, utterance });
  if (!rewritten) return [];
  const example: SynthesisedExample = {
    id,
    narrative: narrative.id,
    character: character.name,
    utterance,
    ambiguous: rewritten.utterance,
    context: clean.context,
    emotions,
  };
  return [{ example, embedding }];
}

/**
 * Leaves out, in the order given, those whose rewriting is a near-duplicate of an accepted one. What a quota has turned away
 * for them is not taken back; the next round asks for more.
 */
async function withNewRewritings(
  finished: readonly Finished[],
  accepted: Accepted,
  { embedder, options: { maxSimilarity }, tally }: RoundParts,
): Promise<AcceptedExample[]> {
  if (finished.length === 0) return [];
  const embeddings = await embedder.embed(finished.map(({ example }) => example.ambiguous));
  const earlier = accepted.examples.map(({ ambiguousEmbedding }) => ambiguousEmbedding);
  return finished.flatMap((own, i) => {
    const ambiguousEmbedding = row(embeddings, i);
    if (isNearDuplicate(ambiguousEmbedding, earlier, maxSimilarity)) {
      tally.rejected.add('near-duplicate rewriting');
      return [];
    }
    earlier.push(ambiguousEmbedding);
    return [{ ...own, ambiguousEmbedding }];
  });
}
