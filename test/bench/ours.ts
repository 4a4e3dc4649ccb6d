/** The contender of this project: `tsx test/bench/ours.ts workload.json`. */
import process from 'node:process';
import { wholeCoverage } from '../../samplers/sampler.ts';
import { embedTexts } from '../../src/encoders/embed.ts';
import { loadEncoder } from '../../src/encoders/huggingFaceFolder.ts';
import { startEngine } from '../../src/engine/engine.ts';
import { createHeads } from '../../src/heads/heads.ts';
import { objectiveSchema, weightedSum } from '../../src/objectives/weightedSum.ts';
import { trainingSchema } from '../../src/training/options.ts';
import { train } from '../../src/training/trainer.ts';
import { evaluationPart } from './evaluationParts.ts';
import { type Measurement, readWorkload, type Workload } from './workload.ts';

/** Ends a training that has been measured for long enough. */
class Done extends Error {}

const workload = await readWorkload(process.argv[2] as string);
await startEngine({ engine: 'tensorflow', precision: workload.precision, threads: workload.threads });
const seconds = await timesOf(workload);
const measurement: Measurement = { seconds, megabytes: Math.round(process.resourceUsage().maxRSS / 1024) };
process.stdout.write(`${JSON.stringify(measurement)}\n`);

function timesOf(work: Workload): Promise<number[]> {
  const { task } = work;
  if (task === 'step') return steps(work);
  return task === 'encode' ? encodings(work) : repeated(work, evaluationPart(task));
}

/** Training steps as the trainer makes them, and the tokenising of their texts. */
async function steps({ encoder: folder, texts, labels, batches, pooling, maxLength, warmUp, runs, seconds }: Workload) {
  const encoder = await loadEncoder(folder, folder);
  const width = encoder.config.hiddenSize;
  const objective = weightedSum(
    objectiveSchema.parse({ supCon: { temperature: 0.1 }, vectorSpacePreservation: { weight: 10 } }),
  );
  const marks: number[] = [];
  const enough = () => marks.length > warmUp + runs && sum(durations(marks, warmUp)) >= seconds;
  try {
    await train({
      encoder,
      heads: createHeads(objective.needs, {
        projection: { kind: 'linear', out: 64 },
        encoder,
        seed: 1,
      }),
      pooling,
      objective,
      sampler: {
        batchesPerEpoch: batches.length,
        coverage: wholeCoverage(texts.length),
        epoch: () => batches.map((batch) => Int32Array.from(batch)),
      },
      texts: encoder.tokeniser.encode(texts, maxLength),
      labels: Int32Array.from(labels),
      frozen: { data: new Float32Array(texts.length * width), rows: texts.length, columns: width },
      options: trainingSchema.parse({ steps: 100_000, learningRate: 1e-5, conflictEvery: 0 }),
      seed: 1,
      onStep: ({ step }) => {
        // A sweep tokenises once; the peer does so in every step, and so it is counted here.
        const batch = batches[step % batches.length] as number[];
        encoder.tokeniser.encode(
          batch.map((i) => texts[i] as string),
          maxLength,
        );
        marks.push(performance.now());
        if (enough()) throw new Done();
      },
    });
  } catch (error) {
    if (!(error instanceof Done)) throw error;
  }
  return durations(marks, warmUp);
}

function durations(marks: readonly number[], warmUp: number): number[] {
  return marks
    .slice(1)
    .map((mark, i) => (mark - (marks[i] as number)) / 1000)
    .slice(warmUp);
}

async function encodings(work: Workload) {
  const { encoder: folder, texts, pooling, maxLength } = work;
  const encoder = await loadEncoder(folder, folder);
  return repeated(work, () => embedTexts(encoder, encoder.tokeniser.encode(texts, maxLength), { pooling }));
}

async function repeated({ warmUp, runs, seconds }: Workload, run: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  while (times.length < warmUp + runs || sum(times.slice(warmUp)) < seconds) {
    const begin = performance.now();
    await run();
    times.push((performance.now() - begin) / 1000);
  }
  return times.slice(warmUp);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
