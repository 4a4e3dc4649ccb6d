import { availableParallelism } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { multipliesInBfloat16 } from './gemm.ts';
import { detectHardware } from './hardware.ts';
import { loadFusedOps, type Unfused } from './native/fusedOps.ts';
import { compiledKernels } from './native/kernels.ts';
import { nativeInstalled, readStatus } from './native/places.ts';
import { startTensorFlow } from './tensorflow.ts';

/** `tensorflow`: the native library on the CPU or CUDA; `wasm`: always there, one thread. */
export type EngineName = 'tensorflow' | 'wasm';

/**
 * In which format an encoder's matrix products multiply. `bfloat16`: their factors, and what lies between two products,
 * are rounded to it (8 bits of significand); sums, weights, optimiser, softmax, LayerNorm and embeddings are float32.
 * It needs a CPU with AVX512-BF16 or AMX.
 */
export const precisionSchema = z.enum(['float32', 'bfloat16']);
export type Precision = z.output<typeof precisionSchema>;

/**
 * What `auto` stands for here: bfloat16 where the fused ops multiply faster in it. On GoEmotions its results do not
 * differ from float32's (results/record/goemotions.md).
 */
export function fastestPrecision(engine: EngineName | 'auto'): Precision {
  const { flags, nvidia } = detectHardware();
  const variant = nativeInstalled()?.variant;
  const onCpu = variant === 'cpu' || (variant === 'cuda' && !nvidia);
  return engine !== 'wasm' && onCpu && compiledKernels(flags) && hasBfloat16() ? 'bfloat16' : 'float32';
}

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
  /** Why the native engine on a CPU computes without fused ops, if it does; their rounding and their masks differ. */
  readonly unfused?: Unfused;
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
  const unfused = device === 'cpu' ? loadFusedOps({ bfloat16: precision === 'bfloat16' }) : undefined;
  const fused = device === 'cpu' && unfused === undefined;
  if (precision === 'bfloat16' && ((fused && !hasBfloat16()) || !multipliesInBfloat16())) {
    const lacks = unfused ? `there are no fused ops: ${unfused.reason}` : 'this CPU has no fast products in it';
    throw noBfloat16(device === 'cuda' ? 'the GPU has no fast products in it' : lacks);
  }
  const onCpuDespiteNvidia = device === 'cpu' && detectHardware().nvidia;
  return {
    name: 'tensorflow',
    detail: `libtensorflow ${version}, ${device === 'cuda' ? 'CUDA' : 'CPU'}${fused ? ', fused ops' : ''}`,
    device,
    threads: threads || availableParallelism(),
    precision,
    ...(unfused !== undefined && {
      unfused,
      slowerBecause: `no fused ops: ${unfused.reason}${unfused.mendable ? '; mend it with: yarn engine install' : ''}`,
    }),
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

/** Whether oneDNN multiplies bfloat16 factors faster than float32 ones here: AVX-512 alone would convert them first. */
function hasBfloat16(): boolean {
  const { flags } = detectHardware();
  return flags.has('avx512_bf16') || flags.has('amx_bf16');
}

function noBfloat16(reason: string): UserError {
  return new UserError({
    code: 'ENGINE_PRECISION_UNSUPPORTED',
    given: `precision bfloat16, but ${reason}`,
    expected: 'the engine tensorflow on a CPU with AVX512-BF16 or AMX (see the flags in /proc/cpuinfo)',
    remedy: 'Use --precision float32.',
  });
}
