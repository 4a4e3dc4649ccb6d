import { nameOf, strictJson } from './items.ts';
import type { Item, MetricRecord } from './record.ts';

/** The configuration as the server wants it: each value wrapped, and how metrics are shown under `_wandb`. */
export function officialConfig(items: readonly Item[], metrics: readonly MetricRecord[]): Record<string, unknown> {
  const values = items.map((item) => [nameOf(item), { value: JSON.parse(strictJson(item.value_json)) as unknown }]);
  return { ...Object.fromEntries(values), _wandb: { value: { m: metrics.map(shortForm) } } };
}

/** A metric's definition in the numbers by which the official clients abbreviate it in the configuration. */
function shortForm(
  { name, step_metric, options, summary, goal }: MetricRecord,
  _: number,
  all: readonly MetricRecord[],
) {
  const against = all.findIndex((other) => other.name === step_metric) + 1;
  const chosen = (flags: readonly (boolean | undefined)[]) => flags.flatMap((flag, i) => (flag ? [i + 1] : []));
  return {
    1: name,
    ...(against > 0 && { 5: against }),
    ...(options && { 6: chosen([options.step_sync, options.hidden, options.defined]) }),
    ...(summary && { 7: chosen([summary.min, summary.max, false, summary.best, summary.last]) }),
    ...(goal && { 8: goal }),
  };
}
