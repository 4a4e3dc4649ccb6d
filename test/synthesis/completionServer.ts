import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { stream } from '../../src/random.ts';
import { type StoredUtterance, type Story, stories } from './stories.ts';

/** The key that the server takes. */
export const serverKey = 'sk-of-these-suites-0123456789';

/** What goes wrong with a request on its way. */
export type TransportFault =
  /** An error in place of an answer. `retryAfter` in seconds. */
  | { readonly status: number; readonly retryAfter?: number; readonly code?: string }
  /** The connection breaks before the answer, or in the middle of it. */
  | 'drop'
  | 'drop in body'
  /** No answer ever comes. */
  | 'hang'
  /** The answer comes after so many milliseconds. */
  | { readonly delay: number };

/** What is wrong with an answer. */
export interface BadAnswer {
  /** In place of the content. */
  readonly content: string;
  /** Default: stop. */
  readonly finish?: string;
}

/** What the server does to the requests of a stage whose text contains some words. */
export interface Fault {
  readonly stage: string;
  readonly about: string;
  /** By attempt: how often this very request was made before. */
  readonly transport?: readonly TransportFault[];
  /** The first answer; then the one to the repair. */
  readonly answers?: readonly BadAnswer[];
}

/** A request as it was received. */
export interface ReceivedRequest {
  readonly stage: string;
  /** The body as sent. */
  readonly body: string;
  readonly authorization: string | undefined;
  /** Of the answer; undefined as long as there is none, or if the connection was broken. */
  status?: number;
}

const requestSchema = z.strictObject({
  model: z.string(),
  messages: z
    .array(z.strictObject({ role: z.enum(['user', 'assistant']), content: z.string().min(1) }))
    .min(1)
    .max(3),
  temperature: z.number().optional(),
  top_p: z.number().optional(),
  max_tokens: z.int().optional(),
  seed: z.int().optional(),
  stream: z.literal(false),
  response_format: z
    .union([
      z.strictObject({ type: z.literal('json_object') }),
      z.strictObject({
        type: z.literal('json_schema'),
        json_schema: z.strictObject({
          name: z.string(),
          strict: z.literal(true),
          schema: z.looseObject({ type: z.literal('object'), additionalProperties: z.literal(false) }),
        }),
      }),
    ])
    .optional(),
});

/** The first lines of the prompts. */
const tasks: Readonly<Record<string, string>> = {
  'list the characters of a story': 'characters',
  'write what a character says': 'utterances',
  'rate the emotions of an utterance': 'labels',
  'tell the situation of an utterance': 'context',
  'take the talk of emotions out of a text': 'clean',
  'make an utterance ambiguous': 'rewrite',
};

/**
 * A server on loopback that speaks OpenAI's protocol for chat completions and answers, by default from stored files, by what
 * a request is about and not by when it comes.
 */
export class CompletionServer {
  readonly requests: ReceivedRequest[] = [];
  faults: readonly Fault[] = [];
  /** Status and type of an answer to every request, in place of all others. */
  refusal: { readonly status: number; readonly message: string; readonly code?: string } | undefined;
  /** Answers in place of the stored files. */
  answer: (stage: string, prompt: string) => string = storedAnswer;
  /** Draws for each request how many milliseconds its answer takes; default: at once. */
  latencySeed: number | undefined;
  /** Requests that were being answered at the same time. */
  mostAtOnce = 0;
  #now = 0;
  readonly #attempts = new Map<string, number>();
  readonly #server = createServer((request, response) => {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#now);
    response.once('close', () => this.#now--);
    this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });

  /** @returns the address to name as the endpoint */
  async start(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = (await buffer(request)).toString();
    const { authorization } = request.headers;
    if (request.method !== 'POST' || request.url !== '/v1/chat/completions') {
      return sendError(response, 404, `Invalid URL (${request.method} ${request.url})`, 'invalid_request_error');
    }
    const parsed = requestSchema.safeParse(JSON.parse(body));
    const prompt = parsed.data?.messages[0]?.content ?? '';
    const stage = tasks[/^# Task: (.*)$/m.exec(prompt)?.[1] ?? ''] ?? '';
    const received: ReceivedRequest = { stage, body, authorization };
    this.requests.push(received);
    const refuse = (status: number, message: string, code: string, headers: Record<string, string> = {}) => {
      received.status = status;
      sendError(response, status, message, code, headers);
    };
    if (this.refusal) return refuse(this.refusal.status, this.refusal.message, this.refusal.code ?? 'refused');
    if (authorization !== undefined && authorization !== `Bearer ${serverKey}`) {
      return refuse(401, `Incorrect API key provided: ${authorization.slice('Bearer '.length)}.`, 'invalid_api_key');
    }
    if (!parsed.data) return refuse(400, z.prettifyError(parsed.error), 'invalid_request_error');

    const fault = this.faults.find((own) => own.stage === stage && prompt.includes(own.about));
    const attempt = this.#attempts.get(body) ?? 0;
    this.#attempts.set(body, attempt + 1);
    const transport = fault?.transport?.[attempt];
    if (transport === 'hang') return;
    if (transport === 'drop') {
      response.destroy();
      return;
    }
    if (typeof transport === 'object' && 'status' in transport) {
      const { status, retryAfter, code } = transport;
      const headers: Record<string, string> = retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) };
      return refuse(status, `fault ${status}`, code ?? 'server_error', headers);
    }
    if (typeof transport === 'object') await setTimeout(transport.delay);
    if (this.latencySeed !== undefined) await setTimeout(stream(this.latencySeed, body).integer(40));

    const isRepair = parsed.data.messages.length === 3;
    const bad = fault?.answers?.[isRepair ? 1 : 0];
    const content = bad?.content ?? this.answer(stage, prompt);
    const json = JSON.stringify({
      id: `chatcmpl-${this.requests.length}`,
      object: 'chat.completion',
      created: 1767225600 + this.requests.length,
      model: parsed.data.model,
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content, refusal: null },
          logprobs: null,
          finish_reason: bad?.finish ?? 'stop',
        },
      ],
      usage: usageOf(parsed.data.messages, content),
    });
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(json) });
    if (transport === 'drop in body') {
      response.write(json.slice(0, 50), () => response.destroy());
      return;
    }
    response.end(json, () => {
      received.status = 200;
    });
  }
}

/** Words in place of tokens. */
function usageOf(messages: readonly { readonly content: string }[], content: string) {
  const prompt_tokens = messages.reduce((sum, message) => sum + message.content.split(/\s+/).length, 0);
  const completion_tokens = content.split(/\s+/).length;
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}

/** What the stored files answer to a prompt. */
function storedAnswer(stage: string, prompt: string): string {
  switch (stage) {
    case 'characters':
      return JSON.stringify({ characters: storyOf(prompt).characters });
    case 'utterances': {
      const own = storyOf(prompt).utterances[characterIn(prompt)] ?? [];
      const emotional = own.filter(({ emotion }) => emotion !== 'neutral');
      const neutral = own.filter(({ emotion }) => emotion === 'neutral');
      return JSON.stringify({
        emotional: emotional.map(({ emotion, text }) => ({ emotion, text })),
        neutral: neutral.map(({ text }) => text),
      });
    }
    case 'labels': {
      const { emotions } = utteranceIn(prompt);
      return JSON.stringify({
        emotions: Object.entries(emotions).map(([emotion, expressiveness]) => ({ emotion, expressiveness })),
      });
    }
    case 'context':
      return JSON.stringify({ context: utteranceIn(prompt).context });
    case 'clean':
      return JSON.stringify({ context: found(({ context }) => section(prompt, 'Text') === context).clean });
    case 'rewrite':
      return JSON.stringify({ utterance: utteranceIn(prompt).ambiguous });
    default:
      throw new Error(`no stored answer to: ${prompt.slice(0, 80)}`);
  }
}

function storyOf(prompt: string): Story {
  const story = stories.find(({ title, text }) => prompt.includes(title) && prompt.includes(text));
  if (!story) throw new Error('a prompt without a known plot');
  return story;
}

/** The name in the prompt's heading. */
export function characterIn(prompt: string): string {
  return /^## Character: (.*)$/m.exec(prompt)?.[1] ?? '';
}

function utteranceIn(prompt: string): StoredUtterance {
  return found(({ text }) => section(prompt, 'Utterance') === text);
}

function found(fits: (utterance: StoredUtterance) => boolean): StoredUtterance {
  const utterance = stories.flatMap((story) => Object.values(story.utterances).flat()).find(fits);
  if (!utterance) throw new Error('a prompt with an unknown utterance or context');
  return utterance;
}

/** The paragraph below a heading. */
export function section(prompt: string, heading: string): string {
  return prompt.split(`## ${heading}\n\n`)[1]?.split('\n')[0] ?? '';
}

function sendError(
  response: ServerResponse,
  status: number,
  message: string,
  code: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(JSON.stringify({ error: { message, type: code, param: null, code } }));
}
