import { availableParallelism } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { detectHardware } from './hardware.ts';
import { nativeInstalled, readStatus } from './native/places.ts';
import { startTensorFlow } from './tensorflow.ts';

/** `tensorflow`: the native library on the CPU or CUDA; `wasm`: always there, one thread. */
export type EngineName = 'tensorflow' | 'wasm';

/**
 * In which format matrix products multiply. `bfloat16` is oneDNN's mode: float32 in and out, factors rounded to
 * bfloat16 (8 bits of significand), sums in float32. It needs a CPU with AMX: on one with AVX512-BF16 alone, oneDNN
 * accepts the mode and multiplies in float32 all the same. It holds for tf.matMul, not for TensorFlow's raw op MatMul.
 */
export const precisionSchema = z.enum(['float32', 'bfloat16']);
export type Precision = z.output<typeof precisionSchema>;

export interface EngineRequest {
  /** `auto`: tensorflow if it is installed, otherwise wasm. */
  readonly engine: EngineName | 'auto';
  readonly precision: Precision;
  /** Of one product; 0: as many as the machine has cores. */
  readonly threads: number;
}

/** What runs, for the first line of a sweep and for the journal. */
export interface EngineInfo {
  readonly name: EngineName;
  /** e.g. `libtensorflow 2.21.0, CPU` */
  readonly detail: string;
  readonly device: 'cpu' | 'cuda';
  readonly threads: number;
  readonly precision: Precision;
  /** Why a faster engine does not run, and the command that mends it. */
  readonly slowerBecause?: string;
}

/** What this process has started: an engine keeps its threads and its precision for the process's life. */
const started = new Map<EngineName, { request: EngineRequest; info: Promise<EngineInfo> }>();

/**
 * Starts an engine in this process and makes it TensorFlow.js's current backend. A second call with the same engine
 * returns the same; a process may start both engines and switch with `tf.setBackend`.
 *
 * @param options.quiet Keeps what the native library prints while it is loaded from standard error. Default true.
 * @throws UserError if the engine is not installed, or the precision is not this hardware's.
 */
export async function startEngine(request: EngineRequest, { quiet = true } = {}): Promise<EngineInfo> {
  const name = request.engine === 'auto' ? (nativeInstalled() ? 'tensorflow' : 'wasm') : request.engine;
  if (name === 'wasm' && request.precision === 'bfloat16') throw noBfloat16('the wasm engine multiplies in float32');
  const earlier = started.get(name);
  if (earlier) {
    const { precision, threads } = earlier.request;
    if (precision !== request.precision || threads !== request.threads) {
      throw new Error(`${name} runs in this process already, with precision ${precision} and threads ${threads}`);
    }
    const info = await earlier.info;
    await tf.setBackend(name);
    return info;
  }
  if (name === 'tensorflow') requireInstalled();
  const info = name === 'tensorflow' ? startNative(request, quiet) : startWebAssembly();
  started.set(name, { request, info });
  return info;
}

async function startNative({ precision, threads }: EngineRequest, quiet: boolean): Promise<EngineInfo> {
  const { version, device } = startTensorFlow({ precision, threads, quiet });
  await tf.setBackend('tensorflow');
  if (precision === 'bfloat16' && !multipliesInBfloat16()) {
    throw noBfloat16(
      `${device === 'cuda' ? 'the GPU' : 'this CPU, without AMX,'} multiplies in float32 in that mode too`,
    );
  }
  const onCpuDespiteNvidia = device === 'cpu' && detectHardware().nvidia;
  return {
    name: 'tensorflow',
    detail: `libtensorflow ${version}, ${device === 'cuda' ? 'CUDA' : 'CPU'}`,
    device,
    threads: threads || availableParallelism(),
    precision,
    ...(onCpuDespiteNvidia && {
      slowerBecause: 'an NVIDIA driver is here, but the engine computes on the CPU; see: yarn engine doctor',
    }),
  };
}

async function startWebAssembly(): Promise<EngineInfo> {
  // Loaded only where it is wanted: a worker on the native engine is spared it.
  const { startWasm } = await import('./wasm/start.ts');
  await startWasm();
  return {
    name: 'wasm',
    detail: `WebAssembly SIMD, @tensorflow/tfjs-backend-wasm ${tf.version_core}`,
    device: 'cpu',
    threads: 1,
    precision: 'float32',
    ...(!nativeInstalled() && { slowerBecause: `${whyNotInstalled()}; mend it with: yarn engine install` }),
  };
}

function requireInstalled(): void {
  if (nativeInstalled()) return;
  throw new UserError({
    code: 'ENGINE_NOT_INSTALLED',
    given: 'engine tensorflow',
    expected: `it to be installed (${whyNotInstalled()})`,
    remedy: 'Run: yarn engine install. Or use the engine wasm.',
  });
}

function whyNotInstalled(): string {
  const status = readStatus();
  return status?.state === 'missing' ? status.missing : 'the native engine is not installed';
}

/** Asks the current engine instead of guessing from the processor's name: 1 + 2⁻⁹ is 1 in bfloat16. */
export function multipliesInBfloat16(): boolean {
  const size = 256;
  const corner = tf.tidy(() =>
    tf.slice(tf.matMul(tf.fill([size, size], 1 + 2 ** -9), tf.ones([size, size])), [0, 0], [1, 1]).dataSync(),
  );
  return (corner[0] as number) < size * (1 + 2 ** -10);
}

function noBfloat16(reason: string): UserError {
  return new UserError({
    code: 'ENGINE_PRECISION_UNSUPPORTED',
    given: `precision bfloat16, but ${reason}`,
    expected: 'the engine tensorflow on a CPU with AMX (amx_bf16 in /proc/cpuinfo)',
    remedy: 'Use --precision float32.',
  });
}
