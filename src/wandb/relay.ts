import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import ky, { HTTPError } from 'ky';
import { basicAuthorization, type Patience, retrying } from './api.ts';
import type { WandbSettings } from './settings.ts';

/** Lines of a run's history that have arrived: so many from this one on. */
export interface Arrival {
  readonly offset: number;
  readonly count: number;
}

/** A run that the SDK streams. */
export interface RelayedRun {
  /** A line of its history as the log has it. */
  readonly line: (place: number) => string | undefined;
  readonly onArrival: (arrival: Arrival) => void;
}

interface Streamed {
  readonly files?: Record<string, { readonly offset: number; readonly content: readonly string[] }>;
}

const historyFile = 'wandb-history.jsonl';

/**
 * Stands between @wandb/sdk and the server, on loopback. The SDK loses what meets a 429, a 5xx or a broken connection, and
 * tells nobody; here such requests are tried again, and what has arrived is known. The SDK also puts the times of its own
 * calls into each line, and knows no NaN; here the log's line goes in its place, so that whoever brings a line, and however
 * often, it is the same. The SDK's process need not know the key.
 */
export class Relay {
  /** What the SDK takes for its API key. */
  readonly token = randomUUID().replaceAll('-', '').padEnd(40, '0');
  readonly #server: Server;
  readonly #settings: Pick<WandbSettings, 'baseUrl' | 'apiKey'>;
  readonly #patience: Patience;
  readonly #runs = new Map<string, RelayedRun>();
  readonly #stopped = new AbortController();

  private constructor(settings: Pick<WandbSettings, 'baseUrl' | 'apiKey'>, patience: Patience) {
    this.#settings = settings;
    this.#patience = patience;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(settings: Pick<WandbSettings, 'baseUrl' | 'apiKey'>, patience: Patience): Promise<Relay> {
    const relay = new Relay(settings, patience);
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Minds the lines of a run's history, until the function that comes back is called. */
  follow(runId: string, run: RelayedRun): () => void {
    this.#runs.set(runId, run);
    return () => this.#runs.delete(runId);
  }

  stop(): void {
    this.#stopped.abort();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const body = await buffer(request);
      if (request.headers.authorization !== basicAuthorization(this.token)) {
        response.writeHead(401).end();
        return;
      }
      const run = this.#runAt(request.url ?? '');
      const streamed = run && (JSON.parse(body.toString()) as Streamed);
      const answer = await this.#forward(request, run ? JSON.stringify(asLogged(streamed, run)) : new Uint8Array(body));
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'application/json' });
      response.end(Buffer.from(await answer.arrayBuffer()));
      const history = streamed?.files?.[historyFile];
      if (answer.ok && history) run?.onArrival({ offset: history.offset, count: history.content.length });
    } catch {
      // Nothing came back. What the SDK makes of it does not matter: these lines count as not arrived.
      if (!response.headersSent) response.writeHead(502);
      response.end();
    }
  }

  async #forward(
    { method = '', url = '', headers }: IncomingMessage,
    body: string | Uint8Array<ArrayBuffer>,
  ): Promise<Response> {
    try {
      return await ky(`${this.#settings.baseUrl}${url}`, {
        method,
        body,
        headers: {
          authorization: basicAuthorization(this.#settings.apiKey ?? ''),
          'content-type': headers['content-type'] ?? 'application/json',
          'user-agent': headers['user-agent'] ?? '',
        },
        timeout: this.#patience.requestTimeout,
        signal: this.#stopped.signal,
        retry: retrying(this.#patience.retries),
      });
    } catch (error) {
      if (error instanceof HTTPError) return error.response;
      throw error;
    }
  }

  #runAt(url: string): RelayedRun | undefined {
    const [, runId] = /^\/files\/[^/]+\/[^/]+\/([^/]+)\/file_stream$/.exec(url) ?? [];
    return this.#runs.get(decodeURIComponent(runId ?? ''));
  }
}

function asLogged(streamed: Streamed | undefined, { line }: RelayedRun): Streamed | undefined {
  const history = streamed?.files?.[historyFile];
  if (!history) return streamed;
  const content = history.content.map((sent, i) => line(history.offset + i) ?? sent);
  return { ...streamed, files: { ...streamed.files, [historyFile]: { ...history, content } } };
}
