import type { EngineName, Precision } from './engine.ts';
import { detectHardware, type Hardware } from './hardware.ts';
import { nativeInstalled, readStatus } from './native/places.ts';
import { recipeOf, suitedVariant, type Variant } from './native/variants.ts';
import { type Trial, tryEngine } from './trial.ts';

/** One engine in one precision, tried here. */
export interface Examination {
  readonly engine: EngineName;
  readonly precision: Precision;
  readonly trial: Trial;
}

/** What stands between this machine and a faster engine. */
export interface Advice {
  readonly missing: string;
  /** What mends it, where a command can. */
  readonly command?: string;
}

export interface Diagnosis {
  readonly hardware: Hardware;
  readonly examinations: readonly Examination[];
  /** Empty if the fastest engine that this machine can have works. */
  readonly advice: readonly Advice[];
}

/** Tries every engine in each precision, and says what a faster one lacks. */
export async function diagnose(): Promise<Diagnosis> {
  const hardware = detectHardware();
  const wanted: { engine: EngineName; precision: Precision }[] = [{ engine: 'wasm', precision: 'float32' }];
  if (nativeInstalled()) {
    wanted.unshift({ engine: 'tensorflow', precision: 'float32' }, { engine: 'tensorflow', precision: 'bfloat16' });
  }
  const examinations: Examination[] = [];
  // One after the other: each measures all cores.
  for (const { engine, precision } of wanted) {
    examinations.push({ engine, precision, trial: await tryEngine({ engine, precision, threads: 0 }) });
  }
  return { hardware, examinations, advice: adviceOn(hardware, examinations) };
}

function adviceOn({ nvidia }: Hardware, examinations: readonly Examination[]): Advice[] {
  const { platform, arch } = process;
  const suited = suitedVariant(nvidia, platform, arch);
  const installed = nativeInstalled();
  const native = examinations.find(
    ({ engine, precision }) => engine === 'tensorflow' && precision === 'float32',
  )?.trial;
  if (!installed || !native) {
    if (!recipeOf('cpu', platform, arch)) return [{ missing: `there is no native engine for ${platform} ${arch}` }];
    const status = readStatus();
    const reason = status?.state === 'missing' ? `: ${status.missing}. ${status.remedy}` : '';
    return [{ missing: `the native engine is not installed${reason}`, command: installCommand(suited) }];
  }
  if (!native.works) {
    const missing = `the native engine is installed, but does not work: ${native.reason}`;
    return [{ missing, command: `${installCommand(installed.variant)} --fresh` }];
  }
  const { unfused } = native.engine;
  if (unfused?.mendable)
    return [{ missing: `fused ops: ${unfused.reason}`, command: installCommand(installed.variant) }];
  if (!nvidia || native.engine.device === 'cuda') return [];
  if (installed.variant === 'cuda') {
    return [{ missing: `the CUDA engine finds no GPU (compare with nvidia-smi); it printed:\n${native.log}` }];
  }
  return suited === 'cuda'
    ? [
        {
          missing: 'an NVIDIA driver is here, but the engine for the CPU is installed',
          command: installCommand('cuda'),
        },
      ]
    : [];
}

function installCommand(variant: Variant): string {
  return `yarn engine install ${variant}`;
}
