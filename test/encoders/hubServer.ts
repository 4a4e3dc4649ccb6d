import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A repository of the stand-in hub. */
export interface Repository {
  readonly files: Readonly<Record<string, Buffer>>;
  /** Files in LFS, listed with their SHA-256. */
  readonly large: readonly string[];
  /** What it calls its revision in place of {@link revision}. */
  readonly revision?: string;
  /** The token that opens it; public without. */
  readonly token?: string;
}

/** What goes wrong with a file's content. */
export interface Fault {
  /** Send so many bytes of the body, then end it in good order or break the connection. */
  readonly sendOnly?: { readonly bytes: number; readonly end: 'orderly' | 'broken' };
  /** What is sent in place of the content. */
  readonly content?: Buffer;
  /** Answer a request for a range with the whole content. */
  readonly ignoresRanges?: boolean;
}

export const revision = '0123456789abcdef0123456789abcdef01234567';

/** A server on loopback that speaks the endpoints of the Hugging Face hub that @huggingface/hub uses for downloads. */
export class HubServer {
  readonly repositories = new Map<string, Repository>();
  /** By the file's path. */
  readonly faults = new Map<string, Fault>();
  /** Requests for contents, in order: path and, if there was one, the range beyond the first byte. */
  readonly contentRequests: string[] = [];
  requests = 0;
  readonly #server = createServer((request, response) => this.#answer(request, response));

  async start(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  reset(): void {
    this.repositories.clear();
    this.faults.clear();
    this.contentRequests.length = 0;
    this.requests = 0;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.requests++;
    const path = decodeURIComponent((request.url ?? '').split('?')[0] ?? '');
    const [, id = '', rest = ''] =
      /^\/api\/models\/([^/]+\/[^/]+)\/(.*)$/.exec(path) ?? /^\/([^/]+\/[^/]+)\/(.*)$/.exec(path) ?? [];
    const repository = this.repositories.get(id);
    const file = rest.replace(`resolve/${revision}/`, '');
    const content = repository?.files[file];
    if (!repository) json(response, 404, { error: 'Repository not found' });
    else if (repository.token && request.headers.authorization !== `Bearer ${repository.token}`) {
      json(response, 401, { error: 'Access to this model is restricted' });
    } else if (rest === 'revision/main') {
      json(response, 200, { _id: '1', id, sha: repository.revision ?? revision, private: false });
    } else if (rest === `tree/${revision}`) json(response, 200, listing(repository));
    else if (content) this.#send(file, content, request.headers.range, response);
    else json(response, 404, { error: 'Entry not found' }, { 'X-Error-Code': 'EntryNotFound' });
  }

  #send(file: string, original: Buffer, range: string | undefined, response: ServerResponse): void {
    const fault = this.faults.get(file) ?? {};
    const etag = { ETag: '"x"' };
    if (range === 'bytes=0-0') {
      response.writeHead(206, { ...etag, 'Content-Range': `bytes 0-0/${original.length}` });
      response.end(original.subarray(0, 1));
      return;
    }
    this.contentRequests.push(range ? `${file} ${range}` : file);
    const content = fault.content ?? original;
    const [, from] = /^bytes=(\d+)-/.exec(range ?? '') ?? [];
    const start = from === undefined || fault.ignoresRanges ? 0 : Number(from);
    const body = content.subarray(start, start + (fault.sendOnly?.bytes ?? content.length));
    // Without a length the client cannot tell by itself that an orderly end came too early.
    response.writeHead(start > 0 ? 206 : 200, etag);
    if (fault.sendOnly?.end === 'broken') response.write(body, () => setTimeout(() => response.destroy(), 20));
    else response.end(body);
  }
}

function listing({ files, large }: Repository) {
  return Object.entries(files).map(([path, content]) => ({
    type: 'file',
    path,
    size: content.length,
    oid: createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex'),
    ...(large.includes(path) && {
      lfs: { oid: createHash('sha256').update(content).digest('hex'), size: content.length, pointerSize: 130 },
    }),
  }));
}

function json(response: ServerResponse, status: number, value: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(JSON.stringify(value));
}
