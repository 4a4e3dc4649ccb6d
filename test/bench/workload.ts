import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { evaluationTasks } from './evaluationParts.ts';

/** What both contenders are given: a JSON file that each of them reads in a process of its own. */
export const workloadSchema = z.strictObject({
  /** `step`: training steps; `encode`: embeddings of all texts; the others: parts of an evaluation, on drawn embeddings. */
  task: z.enum(['step', 'encode', ...evaluationTasks]),
  /** A Hugging Face folder. */
  encoder: z.string(),
  texts: z.array(z.string()),
  /** Class of each text. */
  labels: z.array(z.int()),
  /** Indices of the texts of each training step, used in turn. */
  batches: z.array(z.array(z.int())),
  maxLength: z.int(),
  pooling: z.enum(['cls', 'mean']),
  precision: z.enum(['float32', 'bfloat16']),
  threads: z.int(),
  /** Runs that are not counted. */
  warmUp: z.int(),
  /** Counted runs: at least so many, and until so many seconds have passed. */
  runs: z.int(),
  seconds: z.number(),
});

export type Workload = z.output<typeof workloadSchema>;

/** What a contender prints as its last line. */
export const measurementSchema = z.object({
  /** Of each counted run. */
  seconds: z.array(z.number()).min(1),
  /** Peak resident memory. */
  megabytes: z.number(),
});

export type Measurement = z.output<typeof measurementSchema>;

export async function readWorkload(file: string): Promise<Workload> {
  return workloadSchema.parse(JSON.parse(await readFile(file, 'utf8')));
}

export async function writeWorkload(file: string, workload: Workload): Promise<void> {
  await writeFile(file, JSON.stringify(workload));
}
