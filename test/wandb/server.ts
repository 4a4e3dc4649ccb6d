import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { SweepController } from './sweepController.ts';

/** The key that the server takes; of the length that the official clients insist on. */
export const apiKey = '0123456789abcdef0123456789abcdef01234567';

/** The entity of the key's owner, for runs that name none. */
export const defaultEntity = 'tester';

/** What goes wrong with a request. */
export type Fault =
  /** An answer in place of the server's; nothing is stored. `retryAfter` in seconds. */
  | { readonly status: number; readonly retryAfter?: number }
  /** The connection breaks before anything is stored. */
  | 'drop'
  /** The connection breaks after everything has been stored: the sender cannot tell it from 'drop'. */
  | 'dropAfter'
  /** Nothing is stored and no answer ever comes. */
  | 'hang'
  /** The request waits for so many milliseconds, then is served. */
  | { readonly delay: number };

/** A request, as faults and assertions see it. */
export interface ReceivedRequest {
  /** Counts all requests from 0. */
  readonly index: number;
  /** Counts the requests of this operation, or of this method and path if it is not GraphQL, from 0. */
  readonly nth: number;
  readonly method: string;
  /** Without the query string. */
  readonly path: string;
  /** The name of the GraphQL operation. */
  readonly operation?: string;
  /** The header User-Agent. */
  readonly client: string;
  /** The body as sent. */
  readonly body: Buffer;
  /** When it had arrived, in milliseconds on the clock of `performance`. */
  readonly at: number;
  /** Undefined as long as there is no answer. */
  readonly status?: number;
}

/** What the server holds of a run. */
export interface StoredRun {
  readonly entity: string;
  readonly project: string;
  readonly name: string;
  readonly displayName: string | undefined;
  readonly group: string | undefined;
  readonly jobType: string | undefined;
  readonly notes: string | undefined;
  readonly tags: readonly string[];
  readonly sweep: string | undefined;
  /** As sent: official clients wrap the values as `{ value }`. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly host: string | undefined;
  readonly commit: string | undefined;
  readonly repo: string | undefined;
  /** Lines by offset; of a line sent twice the later one. */
  readonly history: ReadonlyMap<number, string>;
  readonly events: ReadonlyMap<number, string>;
  readonly output: ReadonlyMap<number, string>;
  /** How often a line of the history came again with another content. */
  readonly duplicates: number;
  /** The later one of those in the file stream and in UpsertBucket. */
  readonly summary: Readonly<Record<string, unknown>> | undefined;
  /** Uploaded, by path. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** Paths that the file stream announced as uploaded. */
  readonly announced: readonly string[];
  readonly exitCode: number | undefined;
  readonly complete: boolean;
  /** Posts to the file stream, those without content included. */
  readonly heartbeats: number;
  /** 'running', 'finished', 'failed', or what UpsertBucket said last. */
  readonly state: string;
  /** The parsed history in the order of the offsets. */
  rows(): Record<string, unknown>[];
  /** The parsed system metrics in the order of the offsets. */
  eventRows(): Record<string, unknown>[];
}

export interface StoredSweep {
  readonly id: string;
  readonly entity: string;
  readonly project: string;
  readonly displayName: string | undefined;
  /** The text as sent, YAML or JSON. */
  readonly config: string;
  readonly state: string | undefined;
}

interface Answer {
  readonly status: number;
  readonly value?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Official clients are handed such headers to send with an upload. */
const uploadHeader = { name: 'x-stand-in-upload', value: 'yes' };

/** A longer request is refused. */
const maxBody = 10 * 2 ** 20;

const text = z.string().nullish();
const jsonText = z.string().transform(parsePythonJson).pipe(z.record(z.string(), z.unknown())).nullish();

const inputs = {
  upsertBucket: z.strictObject({
    ...{ id: text, name: text, groupName: text, modelName: text, entityName: text, description: text },
    ...{ displayName: text, notes: text, commit: text, config: jsonText, host: text, debug: z.boolean().nullish() },
    ...{ jobProgram: text, jobRepo: text, jobType: text, state: text, sweep: text, summaryMetrics: jsonText },
    tags: z.array(z.string()).nullish(),
  }),
  upsertSweep: z.strictObject({
    ...{ id: text, config: text, description: text, entityName: text, projectName: text, displayName: text },
    ...{ controller: text, scheduler: text, state: text, priorRunsFilters: text },
  }),
  createRunFiles: z.strictObject({
    ...{ entityName: z.string(), projectName: z.string(), runName: z.string(), files: z.array(z.string()) },
  }),
  createArtifact: z.looseObject({ digest: z.string() }),
  createAgent: z.strictObject({ ...{ host: text, projectName: text, entityName: text }, sweep: z.string() }),
  agentHeartbeat: z.strictObject({
    ...{ id: z.string(), metrics: jsonText },
    runState: z.string().transform(parsePythonJson).pipe(z.record(z.string(), z.boolean())).nullish(),
  }),
};

const fileStream = z.strictObject({
  files: z.record(z.string(), z.strictObject({ offset: z.int().min(0), content: z.array(z.string()) })).nullish(),
  complete: z.boolean().nullish(),
  exitcode: z.int().nullish(),
  dropped: z.int().nullish(),
  failed: z.boolean().nullish(),
  preempting: z.boolean().nullish(),
  uploaded: z.array(z.string()).nullish(),
});

const graphQl = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
});

/** A W&B server on loopback that keeps what it is sent and fails on request. */
export async function startWandbServer(): Promise<WandbServer> {
  const server = new WandbServer();
  await server.up();
  return server;
}

export class WandbServer {
  /** Asked for each request what goes wrong with it. */
  faults: (request: ReceivedRequest) => Fault | undefined = () => undefined;
  readonly #runs = new Map<string, Run>();
  readonly #sweeps = new Map<string, StoredSweep>();
  readonly #controller = new SweepController(
    (id) => this.#sweeps.get(id),
    () => this.#runs.values(),
  );
  readonly #requests: (ReceivedRequest & { status?: number })[] = [];
  #server: Server | undefined;
  #port: number | undefined;

  /** By the run's name, that is, its id. */
  get runs(): ReadonlyMap<string, StoredRun> {
    return this.#runs;
  }

  /** By id. */
  get sweeps(): ReadonlyMap<string, StoredSweep> {
    return this.#sweeps;
  }

  /** The names of the runs that agents were told to start, in this order. */
  get agentRuns(): readonly string[] {
    return this.#controller.runIds;
  }

  /** In order of arrival, those that were answered by a fault included. */
  get requests(): readonly ReceivedRequest[] {
    return this.#requests;
  }

  /** For WANDB_BASE_URL. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Serves, on the same port as before. */
  async up(): Promise<void> {
    if (this.#server) return;
    const server = createServer((request, response) => void this.#serve(request, response));
    while (!server.listening) {
      // Below the ports that systems draw for outgoing connections: while the server is down, none of them takes it.
      const port = this.#port ?? randomInt(20_000, 32_000);
      server.listen(port, '127.0.0.1');
      try {
        await once(server, 'listening');
        this.#port = port;
      } catch (error) {
        if (this.#port !== undefined) throw error;
      }
    }
    this.#server = server;
  }

  /** Breaks all connections and refuses new ones. What is stored stays. */
  async down(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  close(): Promise<void> {
    return this.down();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request).catch(() => undefined);
    // The sender has gone.
    if (!body) return;
    const received = this.#receive(request, body);
    const fault = this.faults(received);
    if (fault === 'hang') return;
    if (fault === 'drop') return void response.destroy();
    if (typeof fault === 'object' && 'delay' in fault) await setTimeout(fault.delay);
    const answer =
      typeof fault === 'object' && 'status' in fault
        ? refusal(fault)
        : this.#answer(received, request.headers, request.url);
    if (fault === 'dropAfter') return void response.destroy();
    received.status = answer.status;
    response.writeHead(answer.status, { 'Content-Type': 'application/json', ...answer.headers });
    response.end(JSON.stringify(answer.value ?? {}));
  }

  #receive({ method = '', url = '', headers }: IncomingMessage, body: Buffer): ReceivedRequest & { status?: number } {
    const path = decodeURIComponent(url.split('?')[0] ?? '');
    const operation = path === '/graphql' ? operationOf(body) : undefined;
    const alike = this.#requests.filter((other) =>
      operation ? other.operation === operation : other.method === method && other.path === path,
    );
    const received = {
      ...{ index: this.#requests.length, nth: alike.length, method, path, body, at: performance.now() },
      ...(operation && { operation }),
      client: headers['user-agent'] ?? '',
    };
    this.#requests.push(received);
    return received;
  }

  #answer({ method, path, body }: ReceivedRequest, headers: IncomingHttpHeaders, url = ''): Answer {
    if (body.length > maxBody) return failure(413, 'the body is too long');
    // Before the path is decoded: a name may hold an encoded slash.
    const [, kind, ...names] = (url.split('?')[0] ?? '').split('/').map(decodeURIComponent);
    try {
      if (method === 'PUT' && kind === 'storage') return this.#upload(names, headers, body);
      if (headers.authorization !== `Basic ${Buffer.from(`api:${apiKey}`).toString('base64')}`) {
        return failure(401, 'user is not logged in');
      }
      if (method === 'POST' && path === '/graphql') return this.#query(graphQl.parse(parsePythonJson(body.toString())));
      if (method === 'POST' && kind === 'files' && names.length === 4 && names[3] === 'file_stream') {
        const run = this.#find(names);
        run?.stream(fileStream.parse(parsePythonJson(body.toString())));
        return run ? { status: 200, value: { exitcode: null, limits: {} } } : failure(404, 'no such run');
      }
      return failure(404, 'no such address');
    } catch (error) {
      if (error instanceof z.ZodError || error instanceof SyntaxError) return failure(400, error.message);
      throw error;
    }
  }

  #find([entity, project, name]: readonly string[]): Run | undefined {
    const run = this.#runs.get(name ?? '');
    return run?.entity === entity && run?.project === project ? run : undefined;
  }

  #upload(names: readonly string[], headers: IncomingHttpHeaders, body: Buffer): Answer {
    // As signed addresses of a storage do: these are no place for the key.
    if (headers.authorization) return failure(400, 'only one way of authorization is allowed');
    if (headers[uploadHeader.name] !== uploadHeader.value) return failure(403, 'a header of the upload is missing');
    const run = this.#find(names);
    run?.files.set(names.slice(3).join('/'), body);
    return run ? { status: 200 } : failure(404, 'no such run');
  }

  #query({ query, variables }: z.infer<typeof graphQl>): Answer {
    const given = argumentsOf(query, variables ?? {});
    const field = fieldOf(query);
    switch (field) {
      case 'viewer':
      case 'serverInfo':
        return data({ viewer, serverInfo: { features: [] } });
      case 'entity':
        // Its organization, which wandb-core asks for again and again until there is an answer.
        return data({ entity: null });
      case 'model':
        return this.#lookUp(query, variables ?? {});
      case 'project':
        return this.#describeSweep(query, variables ?? {});
      case 'createAgent': {
        const id = this.#controller.createAgent(inputs.createAgent.parse(given).sweep);
        return id ? data({ createAgent: { agent: { id } } }) : failure(404, 'no such sweep');
      }
      case 'agentHeartbeat': {
        const { id, runState } = inputs.agentHeartbeat.parse(given);
        const commands = this.#controller.heartbeat(id, runState ?? {});
        if (!commands) return failure(404, 'no such agent');
        return data({ agentHeartbeat: { agent: { id }, commands: JSON.stringify(commands) } });
      }
      case 'upsertBucket':
        return this.#upsertBucket(inputs.upsertBucket.parse(given));
      case 'upsertSweep':
        return this.#upsertSweep(inputs.upsertSweep.parse(given));
      case 'createRunFiles':
        return this.#createRunFiles(inputs.createRunFiles.parse(given));
      case 'createArtifact': {
        // As if it had been uploaded before: artifacts are not kept here.
        const id = inputs.createArtifact.parse(given).digest;
        const artifact = { id, state: 'COMMITTED', artifactSequence: { id: 'sequence', latestArtifact: { id } } };
        return data({ createArtifact: { artifact } });
      }
      default:
        return failure(400, `Cannot query field "${field}"`);
    }
  }

  #upsertBucket(input: z.infer<typeof inputs.upsertBucket>): Answer {
    const known = [...this.#runs.values()].find(({ name, id }) => name === input.name || id === input.id);
    const name = known?.name ?? input.name;
    if (!name) return failure(400, 'the run has no name');
    const place = { entity: input.entityName || defaultEntity, project: input.modelName || 'uncategorized' };
    if (known && (known.entity !== place.entity || known.project !== place.project)) {
      return failure(400, 'this server tells runs apart by name only');
    }
    const run = known ?? new Run(name, place);
    this.#runs.set(name, run);
    run.update(input);
    return data({ upsertBucket: { bucket: described(run), inserted: !known } });
  }

  #upsertSweep({
    id,
    config,
    entityName,
    projectName,
    displayName,
    state,
  }: z.infer<typeof inputs.upsertSweep>): Answer {
    const known = [...this.#sweeps.values()].find((sweep) => globalId('Sweep', sweep.id) === id);
    if (id && !known) return failure(400, 'no such sweep');
    const sweep = {
      id: known?.id ?? `sweep${this.#sweeps.size}`,
      entity: known?.entity ?? entityName ?? defaultEntity,
      project: known?.project ?? projectName ?? 'uncategorized',
      displayName: displayName ?? known?.displayName,
      config: config ?? known?.config ?? '',
      state: state ?? known?.state,
    };
    this.#sweeps.set(sweep.id, sweep);
    const place = { id: globalId('Project', sweep.project), name: sweep.project, entity: owner(sweep.entity) };
    return data({ upsertSweep: { sweep: { id: globalId('Sweep', sweep.id), name: sweep.id, project: place } } });
  }

  #createRunFiles({ entityName, projectName, runName, files }: z.infer<typeof inputs.createRunFiles>): Answer {
    const names = [entityName, projectName, runName];
    const run = this.#find(names);
    if (!run) return failure(404, 'no such run');
    const address = (file: string) => [this.url, 'storage', ...[...names, ...file.split('/')].map(encodeURIComponent)];
    return data({
      createRunFiles: {
        runID: run.id,
        uploadHeaders: [`${uploadHeader.name}:${uploadHeader.value}`],
        files: files.map((file) => ({ name: file, uploadUrl: `${address(file).join('/')}?signature=1` })),
      },
    });
  }

  /** What an agent asks of its sweep before it begins. */
  #describeSweep(query: string, variables: Readonly<Record<string, unknown>>): Answer {
    const { name: project, entityName: entity, sweepName } = argumentsOf(query, variables);
    const sweep = this.#sweeps.get(String(sweepName));
    if (!sweep || sweep.project !== project || (entity && sweep.entity !== entity)) return data({ project: null });
    const { id, config, state = null } = sweep;
    return data({ project: { sweep: { id: globalId('Sweep', id), name: id, config, state, runs: { edges: [] } } } });
  }

  /** What clients ask before they resume a run. */
  #lookUp(query: string, variables: Readonly<Record<string, unknown>>): Answer {
    const [, variable = ''] = /\bbucket\s*\(\s*name\s*:\s*\$(\w+)/.exec(query) ?? [];
    const run = this.#runs.get(String(variables[variable]));
    return data({ model: run ? { ...described(run).project, bucket: described(run) } : null });
  }
}

class Run implements StoredRun {
  readonly name: string;
  readonly entity: string;
  readonly project: string;
  displayName: string | undefined;
  group: string | undefined;
  jobType: string | undefined;
  notes: string | undefined;
  tags: readonly string[] = [];
  sweep: string | undefined;
  config: Readonly<Record<string, unknown>> = {};
  host: string | undefined;
  commit: string | undefined;
  repo: string | undefined;
  readonly history = new Map<number, string>();
  readonly events = new Map<number, string>();
  readonly output = new Map<number, string>();
  duplicates = 0;
  summary: Readonly<Record<string, unknown>> | undefined;
  readonly files = new Map<string, Buffer>();
  readonly announced: string[] = [];
  exitCode: number | undefined;
  complete = false;
  heartbeats = 0;
  state = 'running';

  constructor(name: string, { entity, project }: { readonly entity: string; readonly project: string }) {
    this.name = name;
    this.entity = entity;
    this.project = project;
  }

  get id(): string {
    return globalId('Run', this.name);
  }

  /** What is not given stays. */
  update(input: z.infer<typeof inputs.upsertBucket>): void {
    this.displayName = input.displayName ?? this.displayName;
    this.group = input.groupName ?? this.group;
    this.jobType = input.jobType ?? this.jobType;
    this.notes = input.notes ?? this.notes;
    this.tags = input.tags ?? this.tags;
    this.sweep = input.sweep ?? this.sweep;
    this.config = input.config ?? this.config;
    this.host = input.host ?? this.host;
    this.commit = input.commit ?? this.commit;
    this.repo = input.jobRepo ?? this.repo;
    this.state = input.state ?? this.state;
    this.summary = input.summaryMetrics ?? this.summary;
  }

  stream({ files, complete, exitcode, uploaded }: z.infer<typeof fileStream>): void {
    this.heartbeats++;
    for (const [name, { offset, content }] of Object.entries(files ?? {})) {
      for (const [line, sent] of content.entries()) this.#store(name, offset + line, sent);
    }
    this.announced.push(...(uploaded ?? []));
    if (!complete) return;
    this.complete = true;
    this.exitCode = exitcode ?? undefined;
    this.state = exitcode === 0 ? 'finished' : 'failed';
  }

  #store(file: string, offset: number, line: string): void {
    if (file === 'wandb-summary.json') this.summary = rowOf(line);
    else if (file === 'wandb-events.jsonl') this.events.set(offset, line);
    else if (file === 'output.log') this.output.set(offset, line);
    else if (file === 'wandb-history.jsonl') {
      if (this.history.has(offset) && this.history.get(offset) !== line) this.duplicates++;
      this.history.set(offset, line);
    }
  }

  rows(): Record<string, unknown>[] {
    return inOrder(this.history).map(rowOf);
  }

  eventRows(): Record<string, unknown>[] {
    return inOrder(this.events).map(rowOf);
  }
}

const viewer = {
  ...{ id: globalId('User', defaultEntity), entity: defaultEntity, username: defaultEntity, flags: '{}' },
  teams: { edges: [{ node: { name: defaultEntity } }] },
};

/** A run as GraphQL gives it. */
function described({ name, id, displayName, config, summary, tags, sweep, entity, project, ...run }: Run) {
  return {
    ...{ id, name, displayName, description: null, config: JSON.stringify(config), tags, sweepName: sweep ?? null },
    summaryMetrics: JSON.stringify(summary ?? {}),
    historyLineCount: lineCount(run.history),
    eventsLineCount: lineCount(run.events),
    logLineCount: lineCount(run.output),
    project: { id: globalId('Project', project), name: project, entity: owner(entity) },
  };
}

function owner(name: string) {
  return { id: globalId('Entity', name), name };
}

function globalId(type: string, name: string): string {
  return Buffer.from(`${type}:${name}`).toString('base64');
}

function lineCount(lines: ReadonlyMap<number, string>): number {
  return [...lines.keys()].reduce((most, offset) => Math.max(most, offset + 1), 0);
}

function inOrder(lines: ReadonlyMap<number, string>): string[] {
  return [...lines].sort(([a], [b]) => a - b).map(([, line]) => line);
}

function rowOf(line: string): Record<string, unknown> {
  return z.record(z.string(), z.unknown()).parse(parsePythonJson(line));
}

function data(value: unknown): Answer {
  return { status: 200, value: { data: value } };
}

function failure(status: number, message: string): Answer {
  return { status, value: { errors: [{ message }] } };
}

function refusal({ status, retryAfter }: { readonly status: number; readonly retryAfter?: number }): Answer {
  return {
    ...failure(status, 'a fault was asked for'),
    ...(retryAfter !== undefined && { headers: { 'Retry-After': String(retryAfter) } }),
  };
}

function operationOf(body: Buffer): string | undefined {
  try {
    const { operationName, query } = graphQl.parse(parsePythonJson(body.toString()));
    return operationName ?? /\b(?:query|mutation)\s+(\w+)/.exec(query)?.[1];
  } catch {
    // Refused later on, unless a fault comes first.
    return undefined;
  }
}

/** The field that a document asks for: what a GraphQL server goes by, whatever the name of the operation is. */
function fieldOf(query: string): string {
  return /\{\s*(\w+)/.exec(query)?.[1] ?? '';
}

/** The values of the arguments. Only variables are understood, and names that recur must mean the same. */
function argumentsOf(query: string, variables: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { input, ...given } = Object.fromEntries(
    [...query.matchAll(/(\w+)\s*:\s*\$(\w+)/g)].map(([, argument = '', variable = '']) => [
      argument,
      variables[variable],
    ]),
  );
  return { ...given, ...z.record(z.string(), z.unknown()).optional().parse(input) };
}

/** Parses JSON as Python writes it: with NaN, Infinity and -Infinity as bare words. */
export function parsePythonJson(json: string): unknown {
  const mark = '\u0000number';
  const marked = json.replace(/"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g, (token) =>
    token.startsWith('"') ? token : JSON.stringify({ [mark]: token }),
  );
  return JSON.parse(marked, (_, value) => (value?.[mark] === undefined ? value : Number(value[mark])));
}
