/** Entry of a process that starts one engine, measures it, and sends the outcome to its parent. */
import { messageOf, UserError } from '../errors.ts';
import { type EngineRequest, startEngine } from './engine.ts';
import { measureGemm } from './gemm.ts';
import type { TrialOutcome } from './trial.ts';

process.once('message', async (request: EngineRequest) => {
  process.send?.(await outcomeOf(request), () => process.disconnect());
});

async function outcomeOf(request: EngineRequest): Promise<TrialOutcome> {
  try {
    // The parent collects what the library prints: it may say why a device is not used.
    const engine = await startEngine(request, { quiet: false });
    const size = engine.device === 'cuda' ? 8192 : engine.name === 'wasm' ? 512 : 1024;
    return { works: true, engine, size, gflops: measureGemm(size, 9) };
  } catch (error) {
    if (error instanceof UserError) {
      const unsupported = error.problems.every(({ code }) => code === 'ENGINE_PRECISION_UNSUPPORTED');
      return { works: false, reason: error.problems.map(({ given }) => given).join('; '), unsupported };
    }
    return { works: false, reason: messageOf(error), unsupported: false };
  }
}
