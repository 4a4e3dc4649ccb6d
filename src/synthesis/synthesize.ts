import { join } from 'node:path';
import { UserError } from '../errors.ts';
import type { Matrix } from '../evaluation/matrix.ts';
import { lockFolder } from '../sweep/lock.ts';
import { Asker } from './asker.ts';
import { CallStore } from './callStore.ts';
import { type Card, makeCard } from './card.ts';
import type { CompletionRequest, Keep } from './completion.ts';
import type { Embedder } from './embedder.ts';
import type { Emotion } from './emotion.ts';
import { Endpoint, type EndpointOptions, endpointKind } from './endpoint.ts';
import { labelOf } from './example.ts';
import type { LabelMap } from './labelMap.ts';
import { proposeLabels } from './labelProposals.ts';
import type { Narrative, NarrativeCorpus } from './narratives.ts';
import type { SynthesisOptions } from './options.ts';
import { writeOutput } from './output.ts';
import { ProgressCounter, type SynthesisView } from './progress.ts';
import { isFilled, steer } from './quota.ts';
import { type AcceptedExample, runRound } from './round.ts';
import { splitNarratives } from './splits.ts';
import { Tally } from './tally.ts';

/** Everything a synthesis needs. */
export interface SynthesisRequest {
  readonly corpus: NarrativeCorpus;
  readonly options: SynthesisOptions;
  readonly labelMap: LabelMap;
  readonly endpoint: Omit<EndpointOptions, 'signal' | 'onRetry'>;
  readonly embedder: Embedder;
  /** Where the output goes, and the store of calls that a later run continues with. */
  readonly folder: string;
  readonly view: SynthesisView;
  /** Ends the synthesis; what was answered is kept. */
  readonly signal: AbortSignal;
}

/**
 * Runs a synthesis from its beginning, or as far as calls are in the folder's store, from where it was left: the six
 * stages over the narratives, round by round, with the output written anew after each. The result depends on corpus,
 * options, label map, encoder and completions alone.
 *
 * @throws UserError SYNTHESIS_RUNNING, SYNTHESIS_LOCK_LOST, OUTPUT_NOT_WRITABLE, and those of {@link Endpoint.complete}
 * @throws the signal's reason if it is aborted
 */
export async function synthesize(request: SynthesisRequest): Promise<Card> {
  const { folder, signal } = request;
  const stop = new AbortController();
  const unlock = await reserve(folder, () => stop.abort(lockLost(folder)));
  try {
    return await runRounds(request, AbortSignal.any([signal, stop.signal]));
  } finally {
    // Ends the other calls after one has failed.
    stop.abort();
    await unlock().catch(() => {});
  }
}

async function runRounds(request: SynthesisRequest, signal: AbortSignal): Promise<Card> {
  const { corpus, options, labelMap, embedder, folder, view } = request;
  const rounds = inRounds(corpus.narratives, options.round);
  const tally = new Tally();
  const size = { narratives: corpus.narratives.length, characters: options.characters, rounds: rounds.length };
  const progress = new ProgressCounter(view, request.endpoint.clock, size);
  const onRetry = (reason: string) => progress.retrying(reason);
  const endpoint = new Endpoint({ ...request.endpoint, signal, onRetry });
  const store = new CallStore(join(folder, 'calls'));
  let made = 0;
  const complete = (body: CompletionRequest, keep: Keep) => {
    made++;
    return endpoint.complete(body, keep);
  };
  const asker = new Asker({ options, store, complete, tally, progress });
  const accepted: AcceptedExample[] = [];
  const counts = new Map<Emotion, number>();
  let used = 0;
  let card: Card | undefined;
  for (const [i, narratives] of rounds.entries()) {
    const madeBefore = made;
    const earlier = { examples: accepted, counts };
    const parts = { asker, embedder, labelMap, options, tally, progress };
    for (const own of await runRound(narratives, steer(counts, options.quota), earlier, parts)) {
      accepted.push(own);
      const label = labelOf(own.example);
      counts.set(label, (counts.get(label) ?? 0) + 1);
    }
    signal.throwIfAborted();
    used += narratives.length;
    const last = i === rounds.length - 1 || isFilled(counts, options.quota);
    // Rounds of an earlier run have been written then.
    if (last || made > madeBefore) card = await write(request, accepted, tally, { used, complete: last });
    if (last) break;
  }
  if (!card) throw new RangeError('a synthesis without narratives');
  return card;
}

async function write(
  { corpus, options, labelMap, endpoint, embedder, folder }: SynthesisRequest,
  accepted: readonly AcceptedExample[],
  tally: Tally,
  state: { readonly used: number; readonly complete: boolean },
): Promise<Card> {
  const examples = accepted.map(({ example }) => example);
  const withExamples = [...new Set(examples.map(({ narrative }) => narrative))];
  const splitOf = splitNarratives(withExamples, options.split, options.seed ?? 0);
  const card = makeCard({
    ...{ ...state, corpus, options, labelMap, embedder, tally, examples, splitOf },
    endpoint: endpointKind(endpoint.address),
    proposals: await proposeLabels(Object.keys(tally.unknown.toRecord()), embedder),
    embeddings: stacked(accepted.map(({ embedding }) => embedding)),
  });
  await writeOutput(folder, examples, splitOf, card);
  return card;
}

function inRounds(narratives: readonly Narrative[], size: number): Narrative[][] {
  const rounds = Array.from({ length: Math.ceil(narratives.length / size) }, (_, i) => i * size);
  return rounds.map((from) => narratives.slice(from, from + size));
}

function stacked(rows: readonly Float32Array[]): Matrix {
  const columns = rows[0]?.length ?? 0;
  const data = new Float32Array(rows.length * columns);
  for (const [i, values] of rows.entries()) data.set(values, i * columns);
  return { data, rows: rows.length, columns };
}

async function reserve(folder: string, onLost: () => void): Promise<() => Promise<void>> {
  try {
    return await lockFolder(folder, onLost);
  } catch (error) {
    if (!(error instanceof UserError) || error.problems[0]?.code !== 'SWEEP_RUNNING') throw error;
    throw new UserError({
      code: 'SYNTHESIS_RUNNING',
      given: `another synthesis is writing ${folder}`,
      expected: 'one at a time in an output folder',
      remedy: 'Wait for it, or give this one another folder with --out.',
    });
  }
}

function lockLost(folder: string): UserError {
  return new UserError({
    code: 'SYNTHESIS_LOCK_LOST',
    given: `another process has taken ${folder} over, since this one was asleep`,
    expected: 'one synthesis at a time in an output folder',
    remedy: 'Wait for the other one; the same command continues afterwards.',
  });
}
