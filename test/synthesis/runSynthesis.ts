import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { places } from '../../src/cli/environment.ts';
import type { Card } from '../../src/synthesis/card.ts';
import { type Embedder, loadEmbedder } from '../../src/synthesis/embedder.ts';
import { loadLabelMap } from '../../src/synthesis/labelMap.ts';
import { readNarratives } from '../../src/synthesis/narratives.ts';
import { type SynthesisOptions, synthesisOptionsSchema } from '../../src/synthesis/options.ts';
import { synthesize } from '../../src/synthesis/synthesize.ts';
import { narrativesFile } from './stories.ts';

/** What all faults together leave of the three narratives, by file. */
export const expectedFolder = fileURLToPath(new URL('golden/threeNarratives', import.meta.url));

/** The options that it was made with. */
const expectedOptions = { model: 'story-teller', round: 1, price: { input: 1, output: 3 } } as const;

export interface RunOptions {
  readonly address: string;
  readonly folder: string;
  /** Default: the three of these suites. */
  readonly narratives?: string;
  readonly options?: Partial<Omit<SynthesisOptions, 'split'>>;
  readonly labelMap?: string;
  readonly key?: string;
  readonly concurrency?: number;
  readonly retries?: number;
  readonly signal?: AbortSignal;
}

let embedder: Promise<Embedder> | undefined;

/** Runs a synthesis in this process. */
export async function runSynthesis(run: RunOptions): Promise<Card> {
  const {
    address,
    folder,
    narratives = narrativesFile,
    options = {},
    labelMap,
    key,
    concurrency = 4,
    retries = 4,
    signal,
  } = run;
  embedder ??= loadEmbedder('mini', places({}).encoders);
  return synthesize({
    corpus: await readNarratives(narratives, undefined),
    options: synthesisOptionsSchema.parse({ ...expectedOptions, ...options }),
    labelMap: await loadLabelMap(labelMap),
    endpoint: {
      ...{ address, concurrency, retries, deadline: 2, clock: () => performance.timeOrigin + performance.now() },
      ...(key !== undefined && { key }),
    },
    embedder: await embedder,
    folder,
    view: { update: () => {}, stop: () => {} },
    signal: signal ?? new AbortController().signal,
  });
}

/** A folder that is removed after the test. */
export function outputFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'contrafit-synthesis-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The files of an output folder but the calls, by their path. */
export function outputIn(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    files
      .filter((file) => !/^(calls|\.lock)(\/|$)/.test(file) && statSync(join(folder, file)).isFile())
      .map((file) => [file, readFileSync(join(folder, file), 'utf8')]),
  );
}

/** The bodies of the calls whose answers are stored. */
export function storedRequests(folder: string): Set<string> {
  let files: string[] = [];
  try {
    files = readdirSync(join(folder, 'calls'), { recursive: true, encoding: 'utf8' });
  } catch {
    // Not there yet.
  }
  return new Set(
    files
      .filter((file) => file.endsWith('.json'))
      .map((file) => JSON.stringify(JSON.parse(readFileSync(join(folder, 'calls', file), 'utf8')).request)),
  );
}

/** A request's body as {@link storedRequests} has it: without what the client adds. */
export function requestIn(body: string): string {
  const { stream: _, ...request } = JSON.parse(body);
  return JSON.stringify(request);
}
