import { createServer } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Endpoint, type EndpointOptions, endpointKind } from '../../src/synthesis/endpoint.ts';
import { problemsOf } from '../data/problems.ts';
import { CompletionServer, serverKey, type TransportFault } from './completionServer.ts';
import { stories } from './stories.ts';

let server: CompletionServer;
let address: string;

beforeEach(async () => {
  server = new CompletionServer();
  address = await server.start();
});

afterEach(() => server.stop());

const clock = () => performance.timeOrigin + performance.now();

function open(options: Partial<EndpointOptions> = {}): Endpoint {
  const { signal } = new AbortController();
  return new Endpoint({ address, concurrency: 4, deadline: 1, retries: 3, clock, signal, ...options });
}

/** Nothing is kept in these suites, but where it matters. */
const forget = async () => {};

const [{ title, text, characters } = { title: '', text: '', characters: [] }] = stories;
const content = `# Task: list the characters of a story\n\n${title}\n\n${text}`;
const question = (about = '') => ({ model: 'teller', messages: [{ role: 'user' as const, content: content + about }] });
const answer = { content: JSON.stringify({ characters }), finish: 'stop' };

function failWith(...transport: TransportFault[]): void {
  server.faults = [{ stage: 'characters', about: title, transport }];
}

describe('an endpoint', () => {
  it('answers with the tokens that it counts', async () => {
    const words = content.split(/\s+/).length;
    expect(await open().complete(question(), forget)).toMatchObject({ ...answer, usage: { prompt: words } });
  });

  const [first, second] = [
    [0.25, 0.5],
    [0.5, 1],
  ] as const;

  it.each<[string, TransportFault[], (readonly [number, number])[]]>([
    ['an error of the server', [{ status: 500 }, { status: 503 }], [first, second]],
    ['a broken connection', ['drop', 'drop in body'], [first, second]],
    ['no answer in time', ['hang'], [first]],
    ['too many requests', [{ status: 429 }], [first]],
    ['too many requests with a time to come again', [{ status: 429, retryAfter: 2 }], [[2, 2.25]]],
  ])('is asked again after %s', async (_, faults, waits) => {
    failWith(...faults);
    const waited: number[] = [];
    const endpoint = open({ onRetry: (_reason, seconds) => waited.push(seconds) });
    expect(await endpoint.complete(question(), forget)).toMatchObject(answer);
    expect(waited).toHaveLength(waits.length);
    for (const [i, [least, most]] of waits.entries()) {
      expect(waited[i]).toBeGreaterThanOrEqual(least);
      expect(waited[i]).toBeLessThan(most);
    }
    expect(server.requests).toHaveLength(faults.length + 1);
  });

  it('is not asked again by all calls at the same time, but by each as before', async () => {
    const waitsOf = async () => {
      failWith({ status: 503 });
      const waited: number[] = [];
      for (let i = 0; i < 8; i++) {
        const endpoint = open({ onRetry: (_reason, seconds) => waited.push(seconds) });
        await endpoint.complete(question(`\n${i}`), forget);
      }
      return waited;
    };
    const waited = await waitsOf();
    expect(new Set(waited).size).toBe(8);
    await server.stop();
    server = new CompletionServer();
    address = await server.start();
    expect(await waitsOf()).toEqual(waited);
  });

  it('waits as long as a server says before it asks again', async () => {
    failWith({ status: 429, retryAfter: 1 });
    const start = performance.now();
    await open().complete(question(), forget);
    expect(performance.now() - start).toBeGreaterThanOrEqual(990);
  });

  it.each<[string, TransportFault, string]>([
    ['ENDPOINT_FAILED', { status: 502 }, 'fault 502'],
    ['ENDPOINT_RATE_LIMITED', { status: 429 }, 'fault 429'],
    ['ENDPOINT_TIMEOUT', 'hang', 'no answer in 1 s'],
    ['ENDPOINT_UNREACHABLE', 'drop', 'other side closed'],
  ])('is given up with %s after the retries', async (code, fault, said) => {
    failWith(fault, fault, fault);
    const [problem] = await problemsOf(open({ retries: 1 }).complete(question(), forget));
    expect(problem).toMatchObject({ code, given: expect.stringContaining(said) });
    expect(server.requests).toHaveLength(2);
  });

  it.each([
    [401, 'invalid_api_key', 'ENDPOINT_UNAUTHORISED'],
    [403, 'forbidden', 'ENDPOINT_UNAUTHORISED'],
    [404, 'model_not_found', 'ENDPOINT_MODEL_UNKNOWN'],
    [400, 'invalid_request_error', 'ENDPOINT_REFUSED'],
    [422, 'unprocessable', 'ENDPOINT_REFUSED'],
    [429, 'insufficient_quota', 'ENDPOINT_QUOTA_EXCEEDED'],
  ])('is not asked again after %i (%s)', async (status, code, expected) => {
    server.refusal = { status, code, message: 'this is why' };
    const [problem] = await problemsOf(open().complete(question(), forget));
    expect(problem).toMatchObject({ code: expected, given: expect.stringContaining('this is why') });
    expect(server.requests).toHaveLength(1);
  });

  it('is given up at once where it wants to be left alone for long', async () => {
    failWith({ status: 429, retryAfter: 3600 });
    expect((await problemsOf(open().complete(question(), forget)))[0]?.code).toBe('ENDPOINT_RATE_LIMITED');
    expect(server.requests).toHaveLength(1);
  });

  it('tells of a question that has no room in its context', async () => {
    failWith({ status: 400, code: 'context_length_exceeded' });
    expect(await open().complete(question(), forget)).toEqual({
      content: '',
      finish: 'too long',
      usage: { prompt: 0, completion: 0 },
    });
  });

  it('never shows the key, not even where the server does', async () => {
    const wrong = 'sk-a-wrong-key-that-nobody-should-see';
    const [problem] = await problemsOf(open({ key: wrong }).complete(question(), forget));
    expect(problem).toMatchObject({ code: 'ENDPOINT_UNAUTHORISED', given: expect.stringContaining('provided: …') });
    expect(JSON.stringify(problem)).not.toContain(wrong);
    server.refusal = { status: 401, message: 'Incorrect API key provided: sk-a*****-see. Get one.' };
    const [masked] = await problemsOf(open({ key: wrong }).complete(question(), forget));
    expect(masked?.given).toMatch(/provided: … Get one\.$/);
  });

  it('gets the key, and no header without one', async () => {
    await open({ key: serverKey }).complete(question(), forget);
    await open().complete(question(), forget);
    expect(server.requests.map(({ authorization }) => authorization)).toEqual([`Bearer ${serverKey}`, undefined]);
  });

  it('that does not run is not asked again', async () => {
    await server.stop();
    const [problem] = await problemsOf(open().complete(question(), forget));
    expect(problem).toMatchObject({ code: 'ENDPOINT_UNREACHABLE', given: expect.stringContaining('ECONNREFUSED') });
    server = new CompletionServer();
    await server.start();
  });

  it('that speaks another language is told', async () => {
    const other = createServer((_request, response) => response.end('{"hello": true}'));
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    const port = (other.address() as { port: number }).port;
    const endpoint = open({ address: `http://127.0.0.1:${port}/v1`, retries: 0 });
    expect((await problemsOf(endpoint.complete(question(), forget)))[0]?.code).toBe('ENDPOINT_NOT_COMPATIBLE');
    other.closeAllConnections();
    await new Promise((done) => other.close(done));
  });

  it('ends what waits and what runs when it is told to', async () => {
    failWith('hang', 'hang');
    const interrupt = new AbortController();
    const endpoint = open({ concurrency: 1, deadline: 60, signal: interrupt.signal });
    const calls = Promise.allSettled([endpoint.complete(question(), forget), endpoint.complete(question(), forget)]);
    while (server.requests.length === 0) await setTimeout(10);
    interrupt.abort(new Error('enough'));
    for (const call of await calls) expect(call).toMatchObject({ status: 'rejected', reason: { message: 'enough' } });
    await expect(endpoint.complete(question(), forget)).rejects.toThrow('enough');
  });
});

describe('limits', () => {
  it.each([1, 3])('has %i calls at a time at most', async (concurrency) => {
    server.latencySeed = 1;
    const endpoint = open({ concurrency });
    await Promise.all(Array.from({ length: 12 }, (_, i) => endpoint.complete(question(`\n${i}`), forget)));
    expect(server.mostAtOnce).toBe(concurrency);
  });

  it.each([1, 3])('has no more than %i answers that are not kept yet', async (concurrency) => {
    const endpoint = open({ concurrency });
    let unkept = 0;
    let most = 0;
    const keep = async () => {
      most = Math.max(most, ++unkept);
      await setTimeout(20);
      unkept--;
    };
    await Promise.all(Array.from({ length: 9 }, (_, i) => endpoint.complete(question(`\n${i}`), keep)));
    expect([most, server.mostAtOnce <= concurrency]).toEqual([concurrency, true]);
  });

  it('begins no more calls a minute than it may', async () => {
    const endpoint = open({ callsPerMinute: 600 });
    const start = performance.now();
    await Promise.all(Array.from({ length: 6 }, (_, i) => endpoint.complete(question(`\n${i}`), forget)));
    // Five of them wait a tenth of a second each.
    expect(performance.now() - start).toBeGreaterThan(400);
  });

  it('begins no more calls a minute than it may where they are repeated', async () => {
    failWith({ status: 503 });
    const endpoint = open({ callsPerMinute: 120 });
    const start = performance.now();
    await Promise.all([1, 2, 3].map((i) => endpoint.complete(question(`\n${i}`), forget)));
    expect(server.requests).toHaveLength(6);
    // Five attempts wait half a second each; the back-off alone is over sooner.
    expect(performance.now() - start).toBeGreaterThan(2400);
  });

  it('ends what waits for its turn when it is told to', async () => {
    const interrupt = new AbortController();
    const endpoint = open({ callsPerMinute: 1, signal: interrupt.signal });
    await endpoint.complete(question(), forget);
    const waiting = endpoint.complete(question('\n1'), forget);
    interrupt.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    expect(server.requests).toHaveLength(1);
  });
});

describe('the address', () => {
  it.each([
    ['http://localhost:8080/v1', 'local'],
    ['http://127.0.0.1:11434/v1', 'local'],
    ['http://[::1]:1/v1', 'local'],
    ['https://api.example.com/v1', 'remote'],
    ['http://localhost.example.com/v1', 'remote'],
  ])('%s is %s', (own, kind) => {
    expect(endpointKind(own)).toBe(kind);
  });

  it.each([
    '',
    'localhost:8080',
    'file:///tmp',
    'https://me:secret@example.com/v1',
    'https://example.com/v1?key=secret',
  ])('%s is refused', (own) => {
    expect(() => open({ address: own })).toThrow('ENDPOINT_ADDRESS_INVALID');
    expect(() => open({ address: own })).not.toThrow('secret');
  });
});
