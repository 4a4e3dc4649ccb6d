import { z } from 'zod';

/** What an endpoint made of a request, as far as it matters here. */
export const completionSchema = z.strictObject({
  content: z.string(),
  /** `stop`, `length`, `content_filter`, `refusal`, or `too long` where the request has no room in the model's context. */
  finish: z.string(),
  /** Tokens, where the endpoint counts them. */
  usage: z.strictObject({ prompt: z.int().min(0), completion: z.int().min(0) }).optional(),
});
export type Completion = z.output<typeof completionSchema>;

/** Puts a completion where it is not lost. */
export type Keep = (completion: Completion) => Promise<void>;

/** The body of a request to `/chat/completions`. */
export interface CompletionRequest {
  readonly model: string;
  readonly messages: readonly { readonly role: 'user' | 'assistant'; readonly content: string }[];
  readonly temperature?: number;
  readonly top_p?: number;
  readonly max_tokens?: number;
  readonly seed?: number;
  readonly response_format?:
    | { readonly type: 'json_object' }
    | {
        readonly type: 'json_schema';
        readonly json_schema: {
          readonly name: string;
          readonly strict: true;
          readonly schema: Record<string, unknown>;
        };
      };
}
