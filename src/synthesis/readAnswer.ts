import type { z } from 'zod';
import { parseJson } from '../parseJson.ts';
import type { Completion } from './completion.ts';

/** An answer that fits its schema, or why there is none. */
export type ReadAnswer<T> =
  | { readonly value: T }
  | {
      /** What it is counted by: `malformed`, `schema`, `cut off`, `too long`, `refused`, or a schema's own reason. */
      readonly reason: string;
      /** What the model is told; none if asking again is of no use. */
      readonly problems: readonly string[];
    };

/**
 * Reads the JSON in a completion. What models put around it in spite of what they are told is left out: thoughts in
 * `<think>`, a code fence, sentences.
 */
export function readAnswer<T>({ content, finish }: Completion, schema: z.ZodType<T>): ReadAnswer<T> {
  if (finish === 'too long') return { reason: 'too long', problems: [] };
  if (finish === 'refusal' || finish === 'content_filter') return { reason: 'refused', problems: [] };
  const json = parseJson(withoutSurroundings(content));
  if (json === undefined) {
    return finish === 'length'
      ? { reason: 'cut off', problems: ['It was cut off, since it was too long; be briefer.'] }
      : { reason: 'malformed', problems: ['It is not JSON.'] };
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { value: parsed.data };
  const { issues } = parsed.error;
  return { reason: reasonOf(issues), problems: issues.map(describe) };
}

function withoutSurroundings(content: string): string {
  const answer = content.slice(content.lastIndexOf('</think>') + 1);
  return answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1);
}

/** A schema's own reason, if nothing else is wrong. */
function reasonOf(issues: readonly z.core.$ZodIssue[]): string {
  const reasons = new Set(
    issues.map((issue) => (issue.code === 'custom' && issue.params?.reason ? String(issue.params.reason) : 'schema')),
  );
  const [first = 'schema'] = reasons;
  return reasons.size === 1 ? first : 'schema';
}

function describe({ path, message }: z.core.$ZodIssue): string {
  const wanted = message.replace(/^Invalid (input|option): expected /, '').replace(/^Too (small|big): expected /, '');
  return `${path.length > 0 ? path.join('.') : 'The whole'}: expected ${wanted}.`;
}
