/** A word as a shell reads it: quotation marks may stand anywhere in it. */
const word = /(?:'[^']*'|\\.|[^\s'\\])+/g;

/** A flag that is not for a single cell, or whose place is taken. The word may be quoted for the sake of its value. */
const foreign = /^'?--(?:seeds|out|agent|fresh|wandb-sweep|json)(?:=|$)/;

/**
 * The command that computes one cell of a sweep again, into another folder, so that the two can be compared.
 *
 * @param command the sweep's
 */
export function rerunCommand(
  command: string,
  { axes, seed }: { readonly axes: Readonly<Record<string, unknown>>; readonly seed: number | null },
): string {
  const words = command.match(word) ?? [];
  const rest = words.filter((own, i) => !foreign.test(own) && !/^--(?:seeds|out|agent)$/.test(words[i - 1] ?? ''));
  const cell = JSON.stringify({ ...axes, ...(seed !== null && { seed }) });
  return `${rest.join(' ')} --agent '${cell.replaceAll("'", "'\\''")}' --out results/rerun`;
}
