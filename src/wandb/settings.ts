import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'netrc-parser';
import { type Problem, systemErrorCode, throwIfAny, UserError } from '../errors.ts';

export const wandbModes = ['online', 'offline', 'disabled'] as const;
export type WandbMode = (typeof wandbModes)[number];

/** Where runs are reported to, and under which names. */
export interface WandbSettings {
  readonly mode: WandbMode;
  /** Why this mode, in words, for the first lines of a sweep. */
  readonly because: string;
  /** Never to be shown, logged or passed on a command line. */
  readonly apiKey?: string;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  /** Undefined: the key's own. */
  readonly entity?: string;
  readonly project: string;
  /** Undefined: a group for each grid point, so that W&B shows mean and range over seeds. */
  readonly group?: string;
  readonly tags: readonly string[];
  readonly notes?: string;
  /** Goes in front of each run's name. */
  readonly name?: string;
  /** The folder in which `wandb` is made; undefined: the experiment's. */
  readonly folder?: string;
  /** Whether nothing but failures is printed. */
  readonly silent: boolean;
}

const defaultProject = 'contrafit';
const cloud = 'https://api.wandb.ai';

/**
 * Reads the variables of W&B's own client (`WANDB_MODE`, `_API_KEY`, `_BASE_URL`, `_ENTITY`, `_PROJECT`, `_RUN_GROUP`,
 * `_TAGS`, `_NOTES`, `_NAME`, `_DIR`, `_SILENT`) with its meaning of them; empty ones count as unset. A key may also
 * stand in `NETRC`, by default `~/.netrc`, under the server's host.
 *
 * @param flag what the command line says of the mode; it goes before `WANDB_MODE`
 * @throws UserError WANDB_MODE_INVALID, WANDB_URL_INVALID, WANDB_PROJECT_INVALID, WANDB_ENTITY_INVALID,
 * WANDB_KEY_INVALID, WANDB_NO_KEY, all at once
 */
export function wandbSettings(flag: WandbMode | undefined, environment: NodeJS.ProcessEnv): WandbSettings {
  const value = (name: string) => environment[`WANDB_${name}`]?.trim() || undefined;
  const problems: Problem[] = [];
  const baseUrl = (value('BASE_URL') ?? cloud).replace(/\/+$/, '');
  const host = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (!host || !/^https?:$/.test(host.protocol) || host.username !== '' || host.password !== '') {
    problems.push({
      code: 'WANDB_URL_INVALID',
      given: `WANDB_BASE_URL=${withoutUser(baseUrl)}`,
      expected: "a server's address that begins with http:// or https://, without a name or password",
      remedy: `Correct it, or unset it for ${cloud}.`,
    });
  }
  const apiKey = value('API_KEY') ?? (host && netrcKey(host, environment));
  if (apiKey !== undefined && !/^[\x21-\x7e]+$/.test(apiKey)) {
    problems.push({
      code: 'WANDB_KEY_INVALID',
      given: 'an API key with spaces or special characters',
      expected: 'a key as W&B shows it',
      remedy: 'Copy it again into WANDB_API_KEY, or run: wandb login.',
    });
  }
  const project = value('PROJECT') ?? defaultProject;
  const entity = value('ENTITY');
  if (/[/\\#?%:]/.test(project) || project.length > 128) {
    problems.push({
      code: 'WANDB_PROJECT_INVALID',
      given: `WANDB_PROJECT=${project}`,
      expected: 'at most 128 characters, none of / \\ # ? % :',
      remedy: 'Name another one.',
    });
  }
  if (entity !== undefined && /[/\\#?%:\s]/.test(entity)) {
    problems.push({
      code: 'WANDB_ENTITY_INVALID',
      given: `WANDB_ENTITY=${entity}`,
      expected: 'the name of a user or a team',
      remedy: 'Correct it, or unset it for your own.',
    });
  }
  const { mode, because } = modeOf(flag, value('MODE'), apiKey !== undefined, problems);
  // Of what is not used nothing needs to be right.
  throwIfAny(mode === 'disabled' ? problems.filter(({ code }) => code === 'WANDB_MODE_INVALID') : problems);
  const group = value('RUN_GROUP');
  const notes = value('NOTES');
  const name = value('NAME');
  const folder = value('DIR');
  return {
    mode,
    because,
    ...(apiKey !== undefined && { apiKey }),
    baseUrl,
    ...(entity !== undefined && { entity }),
    project,
    ...(group !== undefined && { group }),
    tags: (value('TAGS') ?? '')
      .split(',')
      .map((tag) => tag.trim())
      .filter((tag) => tag !== ''),
    ...(notes !== undefined && { notes }),
    ...(name !== undefined && { name }),
    ...(folder !== undefined && { folder }),
    silent: /^(1|true|yes|on)$/i.test(value('SILENT') ?? ''),
  };
}

function modeOf(
  flag: WandbMode | undefined,
  variable: string | undefined,
  hasKey: boolean,
  problems: Problem[],
): Pick<WandbSettings, 'mode' | 'because'> {
  // `dryrun` and `run` are the older names that W&B still takes.
  const named = { dryrun: 'offline', run: 'online' }[variable ?? ''] ?? variable;
  const given = wandbModes.find((mode) => mode === (flag ?? named));
  if (given === undefined && variable !== undefined) {
    problems.push({
      code: 'WANDB_MODE_INVALID',
      given: `WANDB_MODE=${variable}`,
      expected: wandbModes.join(', '),
      remedy: 'Correct it, or use --wandb.',
    });
  }
  if (given === undefined) {
    return hasKey
      ? { mode: 'online', because: 'an API key is there' }
      : { mode: 'disabled', because: 'no API key; --wandb offline keeps a log that can be uploaded later' };
  }
  const because = flag === undefined ? `WANDB_MODE=${variable}` : `--wandb ${flag}`;
  if (given === 'online' && !hasKey) {
    problems.push({
      code: 'WANDB_NO_KEY',
      given: because,
      expected: 'an API key in WANDB_API_KEY or ~/.netrc',
      remedy: 'Run `wandb login`, set WANDB_API_KEY, or use --wandb offline and upload later: yarn runs sync.',
    });
  }
  return { mode: given, because };
}

function netrcKey({ host, hostname }: URL, environment: NodeJS.ProcessEnv): string | undefined {
  const path = environment.NETRC || join(environment.HOME ?? homedir(), '.netrc');
  try {
    const machines = parse(oneLineEach(readFileSync(path, 'utf8')));
    // W&B's client once wrote the host without its port.
    return machines[host]?.password || machines[hostname]?.password || undefined;
  } catch {
    // Absent, unreadable or not understood: there is no key in it for us.
    return undefined;
  }
}

/** Each machine in a line of its own, without comments: W&B's client takes any layout, the parser does not. */
function oneLineEach(netrc: string): string {
  const words = netrc
    .replaceAll(/(?<=^|\s)#.*/gm, '')
    .trim()
    .split(/\s+/);
  return words.join(' ').replaceAll(/ (?=(?:machine|default|macdef) )/g, '\n');
}

/** An address without the name and password that it may hold. */
function withoutUser(url: string): string {
  return url.replace(/^(\w+:\/\/)?.*@/, '$1');
}

/**
 * Whether the folder of `WANDB_DIR` takes logs; it is made.
 *
 * @throws UserError WANDB_DIR_NOT_WRITABLE
 */
export function checkLogFolder({ mode, folder }: WandbSettings): void {
  if (mode === 'disabled' || folder === undefined) return;
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new UserError({
      code: 'WANDB_DIR_NOT_WRITABLE',
      given: `WANDB_DIR=${folder} (${systemErrorCode(error) ?? String(error)})`,
      expected: 'a folder that can be written',
      remedy: 'Name another one, or unset it for the folder of the results.',
    });
  }
}

/**
 * Whether a sweep can be made on the server.
 *
 * @throws UserError WANDB_SWEEP_OFFLINE
 */
export function checkSweepMode({ mode, because }: WandbSettings): void {
  if (mode === 'online') return;
  throw new UserError({
    code: 'WANDB_SWEEP_OFFLINE',
    given: `--wandb-sweep with W&B ${mode} (${because})`,
    expected: 'W&B online, since its server names the sweep',
    remedy: 'Give it an API key and --wandb online, or leave the flag out: the runs are grouped by point all the same.',
  });
}
