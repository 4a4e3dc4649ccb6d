import {
  appendFileSync,
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
} from 'node:fs';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { parseJson } from '../parseJson.ts';

/**
 * A run's journal: append-only JSON lines, the one truth from which tables, reports and trackers are rebuilt.
 * Whatever differs between two runs of the same cell (times, host, memory) stands under `wall` and nowhere else, so
 * that `withoutWall` of two journals of the same seed, engine and thread count is equal to the bit.
 */
const wallSchema = z.record(z.string(), z.unknown());

/** JSON has no NaN and no infinity; a journal writes them as strings and reads them back. */
const numberSchema = z
  .union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])])
  .transform((value) => (typeof value === 'number' ? value : Number(value)));
const metricsSchema = z.record(z.string(), numberSchema);

/** On what and from which code a run was computed. */
const environmentSchema = z.object({
  host: z.string(),
  /** e.g. `linux x64` */
  platform: z.string(),
  cpu: z.object({ model: z.string().nullable(), cores: z.int() }),
  memoryBytes: z.int(),
  /** NVIDIA's names of them, whether they were used or not. */
  gpus: z.array(z.string()),
  /** Of one product. */
  threads: z.int(),
  versions: z.object({
    contrafit: z.string(),
    node: z.string(),
    /** libtensorflow's, where the native engine is installed. */
    tensorflow: z.string().optional(),
    '@tensorflow/tfjs-core': z.string(),
    '@tensorflow/tfjs-node-gpu': z.string(),
  }),
  /** Null outside a clone; `dirty`: files of the commit were changed. */
  git: z.object({ commit: z.string(), dirty: z.boolean(), remote: z.string().nullable() }).nullable(),
});

/** Journals from before there was `environment` have some of it beside `at`. */
const startWallSchema = z.looseObject({
  /** ISO 8601. */
  at: z.string().optional(),
  threads: z.int().optional(),
  environment: environmentSchema.optional(),
});

const startSchema = z.object({
  type: z.literal('start'),
  /** Version of this format. */
  format: z.literal(1),
  cell: z.string(),
  /** `original` is the untouched encoder, `retrofit` a trained one. */
  kind: z.enum(['original', 'retrofit']),
  experiment: z.string(),
  axes: z.record(z.string(), z.unknown()),
  seed: z.int().nullable(),
  settings: z.record(z.string(), z.unknown()),
  data: z.object({ name: z.string(), hash: z.string() }),
  encoder: z.object({ name: z.string(), hash: z.string() }),
  engine: z.object({ name: z.string(), detail: z.string(), device: z.string(), precision: z.string() }),
  /** The code that made the run: package version and, in a clone, the commit (with `+` if files were changed). */
  code: z.string(),
  /** What the run reports of its data and sampler, e.g. cut texts or classes left out. */
  notes: z.array(z.string()),
  wall: startWallSchema,
});

const stepSchema = z.object({
  type: z.literal('step'),
  /** 1-based. */
  step: z.int(),
  epoch: z.int(),
  learningRate: z.number(),
  loss: numberSchema,
  /** Each term before its weight. */
  terms: metricsSchema,
  /** Global gradient norm before clipping, over the encoder and the head. */
  gradientNorm: numberSchema,
  counts: metricsSchema,
  /** Gradient norm of each weighted term over the encoder, and the cosine between two terms' gradients. */
  conflict: z.object({ norms: metricsSchema, cosines: metricsSchema }).optional(),
  wall: wallSchema,
});

const validationSchema = z.object({
  type: z.literal('validation'),
  step: z.int(),
  metrics: metricsSchema,
  wall: wallSchema,
});

/** The class that a classifier gave to each test text, from which reports by class and intervals over texts are made. */
const predictionsSchema = z.object({
  type: z.literal('predictions'),
  /** `knn`, or with a downstream task in front `sst2.logisticRegression`. */
  classifier: z.string(),
  labelNames: z.array(z.string()),
  /** Class numbers in the order of the test texts. */
  truth: z.array(z.int().min(0)),
  predicted: z.array(z.int().min(0)),
  /** [texts · classes], row by row, to six digits; of the trained classification head only. */
  probabilities: z.array(z.number()).optional(),
  /** Where texts may have several classes: `truth` and `predicted` above are the strongest, here are all. */
  several: z
    .object({
      truth: z.array(z.array(z.int().min(0))),
      predicted: z.array(z.array(z.int().min(0))),
      /** How likely each class had to be to be given. */
      thresholds: z.array(z.number()),
    })
    .optional(),
  wall: wallSchema,
});

/** What the trained classification head says of sentences that the experiment asks about. */
const examplesSchema = z.object({
  type: z.literal('examples'),
  labelNames: z.array(z.string()),
  texts: z.array(z.string()),
  /** A row for each text, in the order of `labelNames`. */
  probabilities: z.array(z.array(z.number())),
  wall: wallSchema,
});

/** How far the pooled states after each layer have moved, the embeddings' first. */
const layersSchema = z.object({
  type: z.literal('layers'),
  /** Test texts that were measured. */
  texts: z.int(),
  drift: z.array(z.object({ deltaEmb: numberSchema, deltaCos: numberSchema, cka: numberSchema })),
  wall: wallSchema,
});

/** What happens in a run beside its steps: a phase that begins, and lasts until the next one or the end. */
const eventSchema = z.object({
  type: z.literal('event'),
  event: z.enum(['training', 'evaluating', 'saving', 'fineTuning']),
  /** The step whose weights it is about. */
  step: z.int().optional(),
  detail: z.string().optional(),
  /** Seconds since the run began, as in the end's record. */
  wall: z.looseObject({ seconds: z.number().optional() }),
});

const endSchema = z.object({
  type: z.literal('end'),
  /** `stopped`: by `stopWhen`; `diverged`: loss, gradient or embeddings were no longer finite. */
  status: z.enum(['completed', 'stopped', 'diverged']),
  reason: z.string().optional(),
  steps: z.int(),
  /** The step whose weights were evaluated and saved. */
  evaluatedStep: z.int().optional(),
  metrics: metricsSchema,
  wall: wallSchema,
});

export const recordSchema = z.discriminatedUnion('type', [
  startSchema,
  stepSchema,
  validationSchema,
  predictionsSchema,
  examplesSchema,
  layersSchema,
  eventSchema,
  endSchema,
]);
export type JournalRecord = z.output<typeof recordSchema>;
export type Environment = z.output<typeof environmentSchema>;
export type StartRecord = z.output<typeof startSchema>;
export type StepRecord = z.output<typeof stepSchema>;
export type ValidationRecord = z.output<typeof validationSchema>;
export type PredictionsRecord = z.output<typeof predictionsSchema>;
export type ExamplesRecord = z.output<typeof examplesSchema>;
export type LayersRecord = z.output<typeof layersSchema>;
export type EventRecord = z.output<typeof eventSchema>;
export type EndRecord = z.output<typeof endSchema>;

/**
 * Appends records to one file, each by one write, so that a kill leaves at most a last line that is cut off. A file that
 * ends in one is repaired first.
 */
export class JournalWriter {
  readonly #descriptor: number;

  constructor(path: string) {
    this.#descriptor = openSync(path, 'a+');
    repairLastLine(this.#descriptor);
  }

  write(record: JournalRecord): void {
    appendFileSync(this.#descriptor, `${JSON.stringify(record, finiteOrName)}\n`);
  }

  /** Flushes to the disk and closes. */
  close(): void {
    fsyncSync(this.#descriptor);
    closeSync(this.#descriptor);
  }
}

/** Ends a last record that only lacks its line break, and removes what is left of any other. */
function repairLastLine(descriptor: number): void {
  const { size } = fstatSync(descriptor);
  const tail = afterLastBreak(descriptor, size);
  if (tail.length === 0) return;
  if (recordSchema.safeParse(parseJson(tail.toString('utf8'))).success) appendFileSync(descriptor, '\n');
  else ftruncateSync(descriptor, size - tail.length);
}

/** A replacer of JSON.stringify that keeps NaN and infinities, by their names. */
export function finiteOrName(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

/**
 * Reads a journal. A last line cut off by a crash is left out.
 *
 * @throws UserError JOURNAL_MALFORMED with file and line
 */
export function readJournal(path: string): JournalRecord[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  const tail = lines.pop();
  const records = lines.map((line, i) => parseRecord(line, `${path}:${i + 1}`));
  const last = recordSchema.safeParse(parseJson(tail ?? ''));
  return last.success ? [...records, last.data] : records;
}

/** The records in a journal's text that this version of the code understands: what looks at runs is never broken by one. */
export function* understoodRecords(text: string): Generator<JournalRecord> {
  for (const line of text.split('\n')) {
    const { data } = recordSchema.safeParse(parseJson(line));
    if (data) yield data;
  }
}

/**
 * Reads the first and the last record only: at most a few blocks, however long the journal is.
 *
 * @throws UserError JOURNAL_MALFORMED if either is not a whole record
 */
export function readJournalEnds(path: string): { readonly first: JournalRecord; readonly last: JournalRecord } {
  const descriptor = openSync(path, 'r');
  try {
    const { size } = fstatSync(descriptor);
    return {
      first: parseRecord(firstLine(descriptor, size), `${path}:1`),
      last: parseRecord(lastLine(descriptor, size), `${path}, last line`),
    };
  } finally {
    closeSync(descriptor);
  }
}

const blockBytes = 16_384;

function firstLine(descriptor: number, size: number): string {
  for (let length = blockBytes; ; length *= 2) {
    const block = readBlock(descriptor, 0, Math.min(length, size));
    const end = block.indexOf('\n');
    if (end >= 0) return block.toString('utf8', 0, end);
    if (length >= size) return block.toString('utf8');
  }
}

/** With or without its line break. */
function lastLine(descriptor: number, size: number): string {
  const tail = afterLastBreak(descriptor, size);
  return (tail.length > 0 ? tail : afterLastBreak(descriptor, Math.max(0, size - 1))).toString('utf8');
}

/** What follows the last line break of a file's first `size` bytes: nothing if their last line is whole. */
function afterLastBreak(descriptor: number, size: number): Buffer {
  for (let length = blockBytes; ; length *= 2) {
    const block = readBlock(descriptor, Math.max(0, size - length), Math.min(length, size));
    const start = block.lastIndexOf('\n');
    if (start >= 0 || length >= size) return block.subarray(start + 1);
  }
}

function readBlock(descriptor: number, position: number, length: number): Buffer {
  const block = Buffer.alloc(length);
  return block.subarray(0, readSync(descriptor, block, 0, length, position));
}

function parseRecord(line: string, where: string): JournalRecord {
  const parsed = recordSchema.safeParse(parseJson(line));
  if (parsed.success) return parsed.data;
  throw new UserError({
    code: 'JOURNAL_MALFORMED',
    given: where,
    expected: 'a journal record of format 1',
    remedy: 'Delete the folder of this run and repeat the sweep; only this run is computed again.',
  });
}

/** Of one product; undefined where an old journal does not tell. */
export function threadsOf({ wall }: StartRecord): number | undefined {
  return wall.environment?.threads ?? wall.threads;
}

/** The record without what may differ between two runs of the same cell. */
export function withoutWall<R extends JournalRecord>(record: R): Omit<R, 'wall'> {
  const { wall: _, ...rest } = record;
  return rest;
}
