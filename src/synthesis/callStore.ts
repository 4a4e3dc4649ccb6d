import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { systemErrorCode } from '../errors.ts';
import { parseJson } from '../parseJson.ts';
import { contentId } from '../sweep/cells.ts';
import { type Completion, type CompletionRequest, completionSchema, type Keep } from './completion.ts';
import type { PromptIdentity } from './prompt.ts';
import { writeAtomically } from './writeAtomically.ts';

/** What a call is found again by. Neither the endpoint's address nor its key is part of it. */
export interface CallOrigin {
  /** Of the question and, in a repair, of what asks for it. */
  readonly prompts: readonly PromptIdentity[];
  readonly request: CompletionRequest;
}

const storedCall = z.looseObject({ completion: completionSchema });

/**
 * A content-addressed store of calls: a JSON file each with prompts, request and completion, to be read by a person too.
 * A damaged file counts as absent.
 */
export class CallStore {
  readonly #folder: string;
  /** Calls that are being answered, so that the same one is not made twice at a time. */
  readonly #pending = new Map<string, Promise<Completion>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * The kept completion, or what `complete` gives; and what the call is called.
   *
   * @param complete has to keep what it gives, before it counts the call as done
   */
  async get(
    origin: CallOrigin,
    complete: (keep: Keep) => Promise<Completion>,
  ): Promise<{ readonly id: string; readonly completion: Completion; readonly kept: boolean }> {
    const id = contentId(origin);
    const path = join(this.#folder, id.slice(0, 2), `${id}.json`);
    const pending = this.#pending.get(id);
    if (pending) return { id, completion: await pending, kept: true };
    let kept = true;
    const completion = (async () => {
      const found = await read(path);
      if (found) return found;
      kept = false;
      return complete((made) => {
        return writeAtomically(path, `${JSON.stringify({ ...origin, completion: made }, null, 1)}\n`);
      });
    })();
    this.#pending.set(id, completion);
    try {
      return { id, completion: await completion, kept };
    } finally {
      this.#pending.delete(id);
    }
  }
}

async function read(path: string): Promise<Completion | undefined> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return '';
    throw error;
  });
  return storedCall.safeParse(parseJson(text)).data?.completion;
}
