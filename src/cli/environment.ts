import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { EncoderPlaces } from '../encoders/resolveEncoder.ts';

/** The folders and services that the environment names. */
export interface EnvironmentPlaces {
  readonly encoders: EncoderPlaces;
  /** Where corpora lie: `CONTRAFIT_DATA`, by default `data` below the user's cache. */
  readonly dataFolder: string;
  /** This user's cache: `CONTRAFIT_CACHE`, by default `contrafit` in `XDG_CACHE_HOME` or `~/.cache`. */
  readonly cacheFolder: string;
}

/** What `wandb agent` calls the run that it starts, and the sweep that the run belongs to. */
export interface AgentRun {
  readonly sweepId?: string;
  readonly runId?: string;
}

/** Reads `WANDB_SWEEP_ID` and `WANDB_RUN_ID`, which `wandb agent` sets. */
export function agentRun(environment: NodeJS.ProcessEnv): AgentRun {
  const { WANDB_SWEEP_ID: sweepId, WANDB_RUN_ID: runId } = environment;
  return { ...(sweepId && { sweepId }), ...(runId && { runId }) };
}

/**
 * The environment without the `WANDB_DIR` that `wandb agent` sets for its own files where the user has named none: the
 * folder that it runs in. Otherwise `yarn runs sync` would look elsewhere than its runs have written.
 */
export function withoutAgentFolder(environment: NodeJS.ProcessEnv, cwd: string): NodeJS.ProcessEnv {
  const { WANDB_DIR: folder, ...others } = environment;
  return others.WANDB_SWEEP_PARAM_PATH && folder === cwd ? others : environment;
}

/** The same for looking at results, which may come from elsewhere: nothing is fetched for them. */
export function placesToLook(environment: NodeJS.ProcessEnv): EnvironmentPlaces {
  const found = places(environment);
  return { ...found, encoders: { ...found.encoders, offline: true } };
}

/**
 * Reads the environment variables: this project's own (see {@link EnvironmentPlaces}), and those of the Hugging Face
 * hub with its own meaning of them: `HF_HUB_CACHE` or `HF_HOME` for the cache, `HF_ENDPOINT`, `HF_TOKEN`,
 * `HF_HUB_OFFLINE`. Empty ones count as unset.
 */
export function places(environment: NodeJS.ProcessEnv): EnvironmentPlaces {
  const value = (name: string) => environment[name]?.trim() || undefined;
  const xdg = value('XDG_CACHE_HOME');
  // The XDG Base Directory Specification: a relative path is to be ignored.
  const caches = xdg !== undefined && isAbsolute(xdg) ? xdg : join(homedir(), '.cache');
  const cacheFolder = value('CONTRAFIT_CACHE') ?? join(caches, 'contrafit');
  const endpoint = value('HF_ENDPOINT')?.replace(/\/+$/, '');
  const token = value('HF_TOKEN');
  return {
    cacheFolder,
    dataFolder: value('CONTRAFIT_DATA') ?? join(cacheFolder, 'data'),
    encoders: {
      hubCache: value('HF_HUB_CACHE') ?? join(value('HF_HOME') ?? join(caches, 'huggingface'), 'hub'),
      offline: /^(1|on|yes|true)$/i.test(value('HF_HUB_OFFLINE') ?? ''),
      ...(endpoint !== undefined && { endpoint }),
      ...(token !== undefined && { token }),
    },
  };
}
