import type { Item } from './record.ts';

/** What an item of a log is called. */
export function nameOf({ key, nested_key: nested = [] }: Item): string {
  return key || nested.join('.');
}

/** Items as one JSON object; what is no JSON in them, NaN and infinities, stays as it stands. */
export function jsonObject(items: readonly Item[]): string {
  return `{${items.map((item) => `${JSON.stringify(nameOf(item))}:${item.value_json}`).join(',')}}`;
}

/** NaN and infinities, which stand bare in W&B's logs, as strings: for those who know JSON only. */
export function strictJson(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g, (token) =>
    token.startsWith('"') ? token : `"${token}"`,
  );
}
