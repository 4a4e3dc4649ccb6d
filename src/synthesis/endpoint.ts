import { setMaxListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import OpenAI from 'openai';
import PQueue from 'p-queue';
import { z } from 'zod';
import { messageOf, UserError } from '../errors.ts';
import { stream } from '../random.ts';
import type { Completion, CompletionRequest, Keep } from './completion.ts';

export interface EndpointOptions {
  /** The address in front of `/chat/completions`, e.g. `http://127.0.0.1:11434/v1`. */
  readonly address: string;
  /** Default: none is sent. */
  readonly key?: string;
  /** Calls at a time. */
  readonly concurrency: number;
  /** Attempts that begin in a minute, evenly spread, the first ones of calls and further ones; default: as many as there are. */
  readonly callsPerMinute?: number;
  /** Seconds that an attempt may take, from the connection to the last byte. */
  readonly deadline: number;
  /** Attempts after the first one. */
  readonly retries: number;
  /** Milliseconds since 1970, for what a server says about when to come again. */
  readonly clock: () => number;
  /** Ends waiting calls and those under way. */
  readonly signal: AbortSignal;
  /** Told of every attempt that failed and will be repeated. */
  readonly onRetry?: (reason: string, seconds: number) => void;
}

/**
 * Seconds before the second attempt; each further one waits twice as long, up to the longest. Half of it is drawn by chance,
 * so that calls that failed together do not come again together.
 */
const firstBackOff = 0.5;
const longestBackOff = 30;

/** Seconds that a server may ask to wait; longer than that, the run ends and can be continued. */
const longestPatience = 600;

const response = z.object({
  choices: z
    .array(
      z.object({
        message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
        finish_reason: z.string().nullish(),
      }),
    )
    .min(1),
  usage: z.object({ prompt_tokens: z.int().min(0), completion_tokens: z.int().min(0) }).nullish(),
});

/**
 * A service that speaks OpenAI's protocol for chat completions: Ollama, llama.cpp, vLLM, or a hosted one. What may pass by
 * itself (broken connections, time-outs, 408, 409, 429, 5xx) is tried again with exponential back-off and jitter, not before
 * the server says.
 */
export class Endpoint {
  readonly #options: EndpointOptions;
  readonly #client: OpenAI;
  /** Calls, each with all of its attempts and the waits between them. */
  readonly #calls: PQueue;
  /** Attempts, by the times at which they may begin. */
  readonly #attempts: PQueue;
  /** Whether there was an answer already, so that a refused connection is not simply a server that does not run. */
  #answered = false;

  /** @throws UserError ENDPOINT_ADDRESS_INVALID */
  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#client = new OpenAI({
      baseURL: checkedAddress(options.address),
      // The client insists on a key; without one its header is left out.
      apiKey: options.key ?? 'none',
      ...(options.key === undefined && { defaultHeaders: { Authorization: null } }),
      organization: null,
      project: null,
      logLevel: 'off',
      maxRetries: 0,
      timeout: options.deadline * 1000,
      fetch: fetchWhole,
    });
    const { concurrency, callsPerMinute, signal } = options;
    // Every call that waits listens to it.
    setMaxListeners(0, signal);
    this.#calls = new PQueue({ concurrency });
    this.#attempts = new PQueue(
      callsPerMinute === undefined ? {} : { interval: 60_000 / callsPerMinute, intervalCap: 1, strict: true },
    );
  }

  /**
   * @param keep is done before another call takes this one's place, so that a killed process loses no more answers than it
   * has calls at a time
   * @throws UserError ENDPOINT_UNAUTHORISED, ENDPOINT_MODEL_UNKNOWN, ENDPOINT_REFUSED, ENDPOINT_QUOTA_EXCEEDED at once, and after
   * the retries ENDPOINT_UNREACHABLE, ENDPOINT_TIMEOUT, ENDPOINT_RATE_LIMITED, ENDPOINT_FAILED, ENDPOINT_NOT_COMPATIBLE
   * @throws the signal's reason if it is aborted
   */
  async complete(request: CompletionRequest, keep: Keep): Promise<Completion> {
    const { signal } = this.#options;
    signal.throwIfAborted();
    const call = async () => {
      const completion = await this.#persist(request);
      await keep(completion);
      return completion;
    };
    return this.#calls.add(call, { signal });
  }

  async #persist(request: CompletionRequest): Promise<Completion> {
    const { signal, retries, clock, onRetry } = this.#options;
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#attempts.add(() => this.#attempt(request), { signal });
      } catch (error) {
        signal.throwIfAborted();
        const failure = this.#explain(error, request.model);
        const asked = retryAfter(error, clock);
        const seconds = backOff(request, attempt, asked);
        if (!failure.passes || attempt >= retries || asked > longestPatience) throw new UserError(failure.problem);
        onRetry?.(failure.reason, seconds);
        await setTimeout(seconds * 1000, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
    }
  }

  async #attempt(request: CompletionRequest): Promise<Completion> {
    let answer: unknown;
    try {
      answer = await this.#client.chat.completions.create(
        { ...request, messages: [...request.messages], stream: false },
        { signal: this.#options.signal },
      );
    } catch (error) {
      if (isTooLong(error)) return { content: '', finish: 'too long', usage: { prompt: 0, completion: 0 } };
      throw error;
    }
    const { choices, usage } = response.parse(answer);
    this.#answered = true;
    const [choice] = choices;
    const refusal = choice?.message.refusal;
    return {
      content: refusal ?? choice?.message.content ?? '',
      finish: refusal ? 'refusal' : (choice?.finish_reason ?? 'stop'),
      ...(usage && { usage: { prompt: usage.prompt_tokens, completion: usage.completion_tokens } }),
    };
  }

  #explain(error: unknown, model: string) {
    const { address, key, deadline } = this.#options;
    const said = (text: string) => {
      const line = withoutKey(text, key);
      return line.length > 300 ? `${line.slice(0, 299)}…` : line;
    };
    const failure = (passes: boolean, reason: string, code: string, expected: string, remedy: string) => ({
      passes,
      reason,
      problem: { code, given: `${address}: ${reason}`, expected, remedy },
    });
    if (error instanceof OpenAI.APIConnectionTimeoutError) {
      const remedy = 'Raise --deadline, or lower --concurrency.';
      return failure(true, `no answer in ${deadline} s`, 'ENDPOINT_TIMEOUT', 'an answer in time', remedy);
    }
    if (error instanceof OpenAI.APIConnectionError) {
      const cause = rootCause(error);
      const absent = /ECONNREFUSED|ENOTFOUND|ERR_INVALID_URL/.test(cause) && !this.#answered;
      const remedy = 'Check --endpoint (or OPENAI_BASE_URL) and whether the server runs.';
      return failure(!absent, said(cause), 'ENDPOINT_UNREACHABLE', 'a server that answers', remedy);
    }
    if (error instanceof OpenAI.APIError && error.status !== undefined) {
      return this.#explainStatus(error.status, error.code ?? undefined, said(error.message), model, failure);
    }
    const remedy = 'Check that the address ends in what precedes /chat/completions, usually /v1.';
    const reason = error instanceof z.ZodError ? 'an answer that is no chat completion' : said(messageOf(error));
    return failure(true, reason, 'ENDPOINT_NOT_COMPATIBLE', "answers in OpenAI's format", remedy);
  }

  #explainStatus<T>(
    status: number,
    code: string | undefined,
    reason: string,
    model: string,
    failure: (passes: boolean, reason: string, code: string, expected: string, remedy: string) => T,
  ): T {
    if (status === 401 || status === 403) {
      const remedy = 'Set OPENAI_API_KEY to a key of this endpoint.';
      return failure(false, reason, 'ENDPOINT_UNAUTHORISED', 'a valid key', remedy);
    }
    if (status === 404) {
      const remedy = 'Correct --model or --endpoint; the server has to have the model already.';
      return failure(false, reason, 'ENDPOINT_MODEL_UNKNOWN', `the model ${model} at this address`, remedy);
    }
    if (code === 'insufficient_quota') {
      return failure(false, reason, 'ENDPOINT_QUOTA_EXCEEDED', 'an account with means left', 'Fill it up.');
    }
    if (status === 429) {
      const remedy = 'Lower --concurrency or set --calls-per-minute.';
      return failure(true, reason, 'ENDPOINT_RATE_LIMITED', 'a rate that the server allows', remedy);
    }
    if (status >= 500 || status === 408 || status === 409) {
      return failure(true, reason, 'ENDPOINT_FAILED', 'an answer', "Look at the server's log.");
    }
    const remedy =
      'Where the server takes no JSON Schema, use --structured object or none; otherwise correct what it names.';
    return failure(false, reason, 'ENDPOINT_REFUSED', 'a request that the server takes', remedy);
  }
}

/**
 * Where an endpoint is, without saying where: `local` for this machine, `remote` otherwise.
 *
 * @throws UserError ENDPOINT_ADDRESS_INVALID
 */
export function endpointKind(address: string): 'local' | 'remote' {
  const { hostname } = new URL(checkedAddress(address));
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname) ? 'local' : 'remote';
}

function checkedAddress(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.username + url.password + url.search === '') return address;
  throw new UserError({
    code: 'ENDPOINT_ADDRESS_INVALID',
    given:
      url && url.username + url.password + url.search !== ''
        ? 'an address with a name, a password or a query'
        : address,
    expected: 'an address such as http://127.0.0.1:11434/v1',
    remedy: 'Correct --endpoint or OPENAI_BASE_URL; a key goes into OPENAI_API_KEY.',
  });
}

/** Reads the body too, so that the deadline holds for it and a connection that breaks in it is noticed as such. */
async function fetchWhole(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const { status, statusText, headers, ...rest } = await fetch(input, init).then(async (answer) => ({
    status: answer.status,
    statusText: answer.statusText,
    headers: answer.headers,
    body: await answer.arrayBuffer(),
  }));
  return new Response(rest.body, { status, statusText, headers });
}

/** What a server said, in one line; servers repeat a key that they do not know, in whole or in part. */
function withoutKey(text: string, key: string | undefined): string {
  const words = text.split(/\s+/).filter((word) => word !== '');
  if (!key) return words.join(' ');
  const mark = key.length < 12 ? key : key.slice(0, 4);
  return words.map((word) => (word.includes(mark) ? '…' : word)).join(' ');
}

function isTooLong(error: unknown): boolean {
  if (!(error instanceof OpenAI.BadRequestError)) return false;
  const words = [error.code, error.type, error.message].join(' ');
  return /context_length|exceed_context|context (length|size|window)/i.test(words);
}

/**
 * Seconds to wait after an attempt, counted from 0: half of the exponential back-off, or what the server asks for if that is
 * longer, and by chance up to another half.
 */
function backOff(request: CompletionRequest, attempt: number, asked: number): number {
  const half = Math.min(longestBackOff, firstBackOff * 2 ** attempt) / 2;
  const chance = stream(0, 'synthesis', 'back-off', attempt, JSON.stringify(request)).uniform();
  return Math.max(asked, half) + half * chance;
}

/** Seconds that a server asks to wait: a number or, rarely, a date; 0 if it does not. */
function retryAfter(error: unknown, clock: () => number): number {
  const header = error instanceof OpenAI.APIError ? error.headers?.get('retry-after') : undefined;
  if (!header) return 0;
  const seconds = /^\d+(\.\d+)?$/.test(header) ? Number(header) : (Date.parse(header) - clock()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : 0;
}

/** What a connection failed of, at the bottom of the chain of causes. */
function rootCause(error: Error): string {
  const { cause } = error;
  if (cause instanceof AggregateError && cause.errors.length > 0) return messageOf(cause.errors[0]);
  return cause instanceof Error ? rootCause(cause) : error.message;
}
