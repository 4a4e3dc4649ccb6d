import ky, { HTTPError, type KyInstance, type ResponsePromise, type RetryOptions, TimeoutError } from 'ky';
import { UserError } from '../errors.ts';
import type { WandbSettings } from './settings.ts';

/** How often and how long a request is tried. */
export interface Patience {
  /** Tries after the first one. */
  readonly retries: number;
  /** Milliseconds until a request counts as lost. */
  readonly requestTimeout: number;
}

/** What a run is, for the server. */
export interface RunFields {
  readonly name: string;
  readonly entity?: string | undefined;
  readonly project: string;
  readonly groupName?: string | undefined;
  readonly displayName?: string | undefined;
  readonly notes?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly jobType?: string | undefined;
  readonly host?: string | undefined;
  readonly commit?: string | undefined;
  readonly repo?: string | undefined;
  readonly sweep?: string | undefined;
  /** JSON, each value wrapped: `{"lr": {"value": 0.1}}`. */
  readonly config?: string | undefined;
  /** JSON. */
  readonly summaryMetrics?: string | undefined;
}

/** One request to a run's stream: lines of its files, each from a line number on, or its end. */
export interface StreamBody {
  readonly files?: Readonly<Record<string, { readonly offset: number; readonly content: readonly string[] }>>;
  /** Paths of files that have arrived. */
  readonly uploaded?: readonly string[];
  readonly complete?: boolean;
  readonly exitcode?: number;
}

/** Where a run is on the server. */
export interface RunAddress {
  readonly entity: string;
  readonly project: string;
  readonly runId: string;
}

export interface SweepFields {
  /** The server's own number of a sweep that is there already. */
  readonly id?: string;
  readonly entity?: string;
  readonly project: string;
  readonly displayName: string;
  /** JSON. */
  readonly config: string;
}

/** Where a sweep is on the server. */
export interface SweepAddress {
  readonly id: string;
  readonly name: string;
  readonly entity: string;
}

// Its own clients go on after these.
const worthRetrying = [408, 425, 429, 500, 502, 503, 504];
const [shortestPause, longestPause] = [1000, 60_000];

/** How requests that failed in passing are tried again: after 1 s, 2 s, 4 s, … up to a minute. */
export function retrying(limit: number): RetryOptions {
  return {
    limit,
    methods: ['get', 'post', 'put'],
    statusCodes: worthRetrying,
    afterStatusCodes: [429, 503],
    maxRetryAfter: longestPause,
    delay: (attempt) => Math.min(longestPause, shortestPause * 2 ** (attempt - 1)),
    retryOnTimeout: true,
  };
}

/** The header by which the server knows whose request it is. */
export function basicAuthorization(apiKey: string): string {
  return `Basic ${Buffer.from(`api:${apiKey}`).toString('base64')}`;
}

/**
 * The part of W&B's server that this project talks to: GraphQL for runs, sweeps and uploads, and the stream of a run's
 * lines. What fails in passing (no connection, 429, 5xx) is tried again.
 *
 * Every method throws UserError WANDB_UNREACHABLE after the last try, WANDB_REFUSED if the server takes nothing from this
 * key, WANDB_NOT_TAKEN if it does not take this run.
 */
export class WandbApi {
  readonly #baseUrl: string;
  readonly #http: KyInstance;
  readonly #signal: AbortSignal;

  constructor(
    { baseUrl, apiKey }: Pick<WandbSettings, 'baseUrl' | 'apiKey'>,
    patience: Patience & { readonly signal: AbortSignal },
  ) {
    this.#baseUrl = baseUrl;
    this.#signal = patience.signal;
    this.#http = ky.create({
      headers: { authorization: basicAuthorization(apiKey ?? '') },
      timeout: patience.requestTimeout,
      signal: patience.signal,
      retry: retrying(patience.retries),
    });
  }

  /** The entity that runs belong to if none is named. */
  async defaultEntity(): Promise<string | undefined> {
    const { viewer } = await this.#graphql<{ viewer: { entity: string | null } | null }>(
      'query Viewer { viewer { entity } }',
      {},
    );
    return viewer?.entity ?? undefined;
  }

  /** Creates or changes a run. */
  async upsertRun(fields: RunFields): Promise<RunAddress> {
    const answer = await this.#graphql<UpsertBucketAnswer>(upsertBucket, { ...fields });
    const bucket = answer.upsertBucket?.bucket;
    if (!bucket) throw this.#notTaken(`run ${fields.name}`, 'an answer without a run');
    return { entity: bucket.project.entity.name, project: bucket.project.name, runId: bucket.name };
  }

  /** Creates or changes a sweep. `name` is what runs and agents know it by. */
  async upsertSweep({ entity, project, ...fields }: SweepFields): Promise<SweepAddress> {
    const variables = { ...fields, entityName: entity, projectName: project };
    const answer = await this.#graphql<{ upsertSweep: UpsertSweepAnswer | null }>(upsertSweep, variables);
    const sweep = answer.upsertSweep?.sweep;
    if (!sweep) throw this.#notTaken(`sweep ${fields.displayName}`, 'an answer without a sweep');
    return { id: sweep.id, name: sweep.name, entity: sweep.project.entity.name };
  }

  /** Lines of a run's history that the server holds. */
  async historyRows({ entity, project, runId }: RunAddress): Promise<number> {
    const { model } = await this.#graphql<RunStateAnswer>(runState, { entity, project, name: runId });
    return model?.bucket?.historyLineCount ?? 0;
  }

  async stream({ entity, project, runId }: RunAddress, body: StreamBody): Promise<void> {
    const path = ['files', entity, project, runId].map(encodeURIComponent).join('/');
    await this.#told(path, () => this.#post(`${path}/file_stream`, body).text());
  }

  /** Uploads a file of a run. */
  async uploadFile({ entity, project, runId }: RunAddress, path: string, content: Buffer): Promise<void> {
    const variables = { entity, project, run: runId, files: [path] };
    const { createRunFiles } = await this.#graphql<CreateRunFilesAnswer>(createRunFilesMutation, variables);
    const url = createRunFiles?.files[0]?.uploadUrl;
    if (url === undefined) throw this.#notTaken(path, 'an answer without a place for it');
    const headers = Object.fromEntries(
      (createRunFiles?.uploadHeaders ?? []).map((header) => {
        const colon = header.indexOf(':');
        return [header.slice(0, colon), header.slice(colon + 1).trim()];
      }),
    );
    // The address is signed: the key is not to be shown to whoever stores the files.
    const options = { body: new Uint8Array(content), headers: { ...headers, authorization: undefined } };
    await this.#told(path, () => this.#http.put(new URL(url, `${this.#baseUrl}/`), options).text());
  }

  async #graphql<T>(query: string, variables: Readonly<Record<string, unknown>>): Promise<T> {
    const { data, errors } = await this.#told('graphql', () =>
      this.#post('graphql', { query, variables }).json<GraphqlAnswer<T>>(),
    );
    if (errors && errors.length > 0) {
      throw this.#notTaken('graphql', errors.map(({ message }) => message).join('; '));
    }
    if (!data) throw this.#notTaken('graphql', 'an answer without data');
    return data;
  }

  #post(path: string, body: unknown): ResponsePromise {
    return this.#http.post(`${this.#baseUrl}/${path}`, { json: body });
  }

  /** Says what failed in words for the user; neither requests nor their headers go into it. */
  async #told<T>(what: string, request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      const status = error instanceof HTTPError ? error.response.status : undefined;
      if (status === 401 || status === 403) throw this.#refused(what, `status ${status}`);
      if (status !== undefined && !worthRetrying.includes(status)) throw this.#notTaken(what, `status ${status}`);
      const isLate = error instanceof TimeoutError || this.#signal.aborted;
      const reason = status !== undefined ? `status ${status}` : isLate ? 'no answer in time' : reasonOf(error);
      throw new UserError({
        code: 'WANDB_UNREACHABLE',
        given: `${what} at ${this.#baseUrl} (${reason})`,
        expected: 'an answer of the W&B server',
        remedy: 'Upload later, when it can be reached: yarn runs sync.',
      });
    }
  }

  #refused(what: string, reason: string): UserError {
    return new UserError({
      code: 'WANDB_REFUSED',
      given: `${what} at ${this.#baseUrl} (${reason})`,
      expected: 'a server that takes runs with this API key, entity and project',
      remedy: 'Check WANDB_API_KEY, WANDB_ENTITY, WANDB_PROJECT and WANDB_BASE_URL, then: yarn runs sync.',
    });
  }

  #notTaken(what: string, reason: string): UserError {
    return new UserError({
      code: 'WANDB_NOT_TAKEN',
      given: `${what} at ${this.#baseUrl} (${reason})`,
      expected: 'a run that this server takes',
      remedy: 'Check WANDB_ENTITY and WANDB_PROJECT; a run that was deleted there is not taken again.',
    });
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && 'code' in error.cause ? String(error.cause.code) : error.message;
}

interface GraphqlAnswer<T> {
  readonly data?: T;
  readonly errors?: readonly { readonly message: string }[];
}

interface UpsertBucketAnswer {
  readonly upsertBucket: {
    readonly bucket: { readonly name: string; readonly project: { name: string; entity: { name: string } } };
  } | null;
}

interface UpsertSweepAnswer {
  readonly sweep: { readonly id: string; readonly name: string; readonly project: { entity: { name: string } } };
}

interface RunStateAnswer {
  readonly model: { readonly bucket: { readonly historyLineCount: number } | null } | null;
}

interface CreateRunFilesAnswer {
  readonly createRunFiles: {
    readonly uploadHeaders: readonly string[] | null;
    readonly files: readonly { readonly name: string; readonly uploadUrl: string }[];
  } | null;
}

const upsertBucket = `
  mutation UpsertBucket(
    $name: String, $entity: String, $project: String, $groupName: String, $displayName: String, $notes: String,
    $tags: [String!], $jobType: String, $host: String, $commit: String, $repo: String, $sweep: String,
    $config: JSONString, $summaryMetrics: JSONString
  ) {
    upsertBucket(input: {
      name: $name, entityName: $entity, modelName: $project, groupName: $groupName, displayName: $displayName,
      notes: $notes, tags: $tags, jobType: $jobType, host: $host, commit: $commit, jobRepo: $repo, sweep: $sweep,
      config: $config, summaryMetrics: $summaryMetrics
    }) {
      bucket { name project { name entity { name } } }
    }
  }`;

const upsertSweep = `
  mutation UpsertSweep(
    $id: ID, $config: String, $entityName: String, $projectName: String, $displayName: String
  ) {
    upsertSweep(input: {
      id: $id, config: $config, entityName: $entityName, projectName: $projectName, displayName: $displayName
    }) {
      sweep { id name project { entity { name } } }
    }
  }`;

const runState = `
  query RunResumeStatus($entity: String, $project: String, $name: String!) {
    model(name: $project, entityName: $entity) { bucket(name: $name, missingOk: true) { historyLineCount } }
  }`;

const createRunFilesMutation = `
  mutation CreateRunFiles($entity: String!, $project: String!, $run: String!, $files: [String!]!) {
    createRunFiles(input: { entityName: $entity, projectName: $project, runName: $run, files: $files }) {
      uploadHeaders
      files { name uploadUrl }
    }
  }`;
