import { z } from 'zod';
import type { CallStore } from './callStore.ts';
import type { Completion, CompletionRequest, Keep } from './completion.ts';
import type { SynthesisOptions } from './options.ts';
import type { ProgressCounter } from './progress.ts';
import { type PromptIdentity, readPrompt } from './prompt.ts';
import { readAnswer } from './readAnswer.ts';
import type { Stage } from './stages/stage.ts';
import type { Tally } from './tally.ts';

/** Asks for an answer again that does not fit. */
export const repairPrompt = readPrompt('repair', 1);

export interface AskerParts {
  readonly options: SynthesisOptions;
  readonly store: CallStore;
  /** Asks the endpoint. */
  readonly complete: (request: CompletionRequest, keep: Keep) => Promise<Completion>;
  readonly tally: Tally;
  readonly progress: ProgressCounter;
}

/** Asks the questions of the stages: from the store, or else the endpoint. */
export class Asker {
  readonly #parts: AskerParts;

  constructor(parts: AskerParts) {
    this.#parts = parts;
  }

  /** The answer; asked for once more if it does not fit. Undefined, and counted by reason, if it does not fit then either. */
  async ask<Input, Answer>(stage: Stage<Input, Answer>, input: Input): Promise<Answer | undefined> {
    const { options, tally, progress } = this.#parts;
    const counts = tally.stages[stage.name];
    counts.questions++;
    const request = requestOf(stage, input, options);
    const first = await this.#call([stage.prompt.identity], request);
    let read = readAnswer(first, stage.schema);
    if (!('value' in read) && read.problems.length > 0) {
      const messages = [
        ...request.messages,
        { role: 'assistant' as const, content: first.content },
        { role: 'user' as const, content: repairPrompt.render({ problems: read.problems }) },
      ];
      const prompts = [stage.prompt.identity, repairPrompt.identity];
      read = readAnswer(await this.#call(prompts, { ...request, messages }), stage.schema);
      if ('value' in read) counts.repaired++;
    }
    progress.answered(stage.name);
    if ('value' in read) {
      counts.answered++;
      return read.value;
    }
    counts.rejected.add(read.reason);
    return undefined;
  }

  async #call(prompts: readonly PromptIdentity[], request: CompletionRequest): Promise<Completion> {
    const { store, complete, tally, progress } = this.#parts;
    const { id, completion, kept } = await store.get({ prompts, request }, (keep) => complete(request, keep));
    tally.addCall(id, completion);
    progress.called(kept);
    return completion;
  }
}

/** What is sent for a question. */
export function requestOf<Input, Answer>(
  { name, prompt, variables, schema }: Stage<Input, Answer>,
  input: Input,
  { model, structured, temperature, topP, maxTokens, seed }: SynthesisOptions,
): CompletionRequest {
  return {
    model,
    messages: [{ role: 'user', content: prompt.render(variables(input)) }],
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(maxTokens !== undefined && { max_tokens: maxTokens }),
    ...(seed !== undefined && { seed }),
    ...(structured === 'object' && { response_format: { type: 'json_object' } }),
    ...(structured === 'schema' && {
      response_format: { type: 'json_schema', json_schema: { name, strict: true, schema: jsonSchemaOf(schema) } },
    }),
  };
}

function jsonSchemaOf(schema: z.ZodType): Record<string, unknown> {
  // Some endpoints refuse keywords that they do not know.
  const { $schema, '~standard': _, ...rest } = z.toJSONSchema(schema) as Record<string, unknown>;
  return rest;
}
