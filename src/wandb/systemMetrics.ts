import { execFile } from 'node:child_process';
import { cpus, freemem, totalmem } from 'node:os';
import { promisify } from 'node:util';
import Papa from 'papaparse';
import pidusage from 'pidusage';

const perGpu = ['utilization.gpu', 'memory.used', 'memory.total', 'temperature.gpu', 'power.draw'];
const gpuTimeout = 5000;

/** What a measurement is compared with. */
interface CpuTimes {
  readonly busy: number;
  readonly total: number;
}

/**
 * Measures the machine and one process in W&B's names, which it shows under `system.`: `cpu` and `proc.memory.*` of the
 * process (percent of all cores, MB), `cpu.all` and `memory_percent` of the machine (percent), and of each NVIDIA GPU
 * `gpu.<n>.gpu`, `.memoryAllocated` (percent), `.memoryAllocatedBytes`, `.temp` (°C) and `.powerWatts`.
 */
export class SystemMetrics {
  #before = cpuTimes();
  #hasGpu = true;

  async measure(pid: number): Promise<Record<string, number>> {
    const now = cpuTimes();
    const total = now.total - this.#before.total;
    const busy = total > 0 ? (100 * (now.busy - this.#before.busy)) / total : 0;
    this.#before = now;
    return {
      'cpu.all': busy,
      memory_percent: 100 * (1 - freemem() / totalmem()),
      'proc.memory.availableMB': freemem() / 2 ** 20,
      ...(await ofProcess(pid)),
      ...(this.#hasGpu ? await this.#ofGpus() : {}),
    };
  }

  async #ofGpus(): Promise<Record<string, number>> {
    try {
      const query = [`--query-gpu=${perGpu.join(',')}`, '--format=csv,noheader,nounits'];
      // Unlike `timeout`, a signal does not wait for a process that a hanging driver keeps from ending.
      const patience = { signal: AbortSignal.timeout(gpuTimeout), killSignal: 'SIGKILL' } as const;
      const { stdout } = await promisify(execFile)('nvidia-smi', query, patience);
      const { data } = Papa.parse<string[]>(stdout.trim(), { transform: (field) => field.trim() });
      return Object.fromEntries(data.flatMap((fields, gpu) => gpuMetrics(gpu, fields.map(Number))));
    } catch {
      // No driver here, or it does not answer: not asked again.
      this.#hasGpu = false;
      return {};
    }
  }
}

function gpuMetrics(gpu: number, fields: readonly number[]): [string, number][] {
  const [busy = Number.NaN, used = Number.NaN, total = Number.NaN, temperature = Number.NaN, power = Number.NaN] =
    fields;
  const metrics = {
    gpu: busy,
    memoryAllocated: (100 * used) / total,
    memoryAllocatedBytes: used * 2 ** 20,
    temp: temperature,
    powerWatts: power,
  };
  // Some cards leave some of them out.
  const known = Object.entries(metrics).filter(([, value]) => Number.isFinite(value));
  return known.map(([name, value]) => [`gpu.${gpu}.${name}`, value]);
}

async function ofProcess(pid: number): Promise<Record<string, number>> {
  try {
    const { cpu, memory } = await pidusage(pid);
    return {
      cpu: cpu / cpus().length,
      'proc.memory.rssMB': memory / 2 ** 20,
      'proc.memory.percent': (100 * memory) / totalmem(),
    };
  } catch {
    // It has just ended.
    return {};
  }
}

function cpuTimes(): CpuTimes {
  const times = cpus().map((core) => core.times);
  const total = times.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0);
  return { busy: total - times.reduce((sum, { idle }) => sum + idle, 0), total };
}
