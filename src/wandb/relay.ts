import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import ky, { HTTPError } from 'ky';
import { basicAuthorization, retrying } from './api.ts';
import type { Patience } from './connection.ts';
import type { WandbSettings } from './settings.ts';

/** Lines of a run's history that have arrived: so many from this one on. */
export interface Arrival {
  readonly offset: number;
  readonly count: number;
}

/**
 * Stands between @wandb/sdk and the server, on loopback. The SDK loses what meets a 429, a 5xx or a broken connection, and
 * tells nobody; here such requests are tried again, and what has arrived is known. The SDK's process need not know the key.
 */
export class Relay {
  /** What the SDK takes for its API key. */
  readonly token = randomUUID().replaceAll('-', '').padEnd(40, '0');
  readonly #server: Server;
  readonly #settings: Pick<WandbSettings, 'baseUrl' | 'apiKey'>;
  readonly #patience: Patience;
  readonly #listeners = new Map<string, (arrival: Arrival) => void>();
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

  /** Calls `listener` for the lines of a run's history that arrive, until the function that comes back is called. */
  onArrival(runId: string, listener: (arrival: Arrival) => void): () => void {
    this.#listeners.set(runId, listener);
    return () => this.#listeners.delete(runId);
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
      const answer = await this.#forward(request, body);
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'application/json' });
      response.end(Buffer.from(await answer.arrayBuffer()));
      if (answer.ok) this.#notice(request.url ?? '', body);
    } catch {
      // Nothing came back. What the SDK makes of it does not matter: these lines count as not arrived.
      if (!response.headersSent) response.writeHead(502);
      response.end();
    }
  }

  async #forward({ method = '', url = '', headers }: IncomingMessage, body: Buffer): Promise<Response> {
    try {
      return await ky(`${this.#settings.baseUrl}${url}`, {
        method,
        body: new Uint8Array(body),
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

  #notice(url: string, body: Buffer): void {
    const [, runId] = /^\/files\/[^/]+\/[^/]+\/([^/]+)\/file_stream$/.exec(url) ?? [];
    const listener = this.#listeners.get(decodeURIComponent(runId ?? ''));
    if (!listener) return;
    const { files } = JSON.parse(body.toString()) as { files?: Record<string, { offset: number; content: string[] }> };
    const history = files?.['wandb-history.jsonl'];
    if (history) listener({ offset: history.offset, count: history.content.length });
  }
}
