import { costMetric, formatDifference, formatSummary, metricTitle } from '../../../report/metrics.ts';
import { gainShown, isDrawnAsItIs } from '../../../report/tradeOff.ts';
import { measured } from '../model/frontier.ts';
import type { Point } from '../model/sweep.ts';
import { sweep, visiblePoints } from '../store.ts';
import { Frontier } from './frontier.tsx';
import { RunsTable } from './runsTable.tsx';

/** Of the most that was gained. */
const keptShare = 0.9;

/** The whole sweep at a glance: the two settings to know of, the frontier, every run. */
export function OverviewView() {
  const model = sweep.value;
  if (!model) return null;
  const { warnings, command, engines } = model.head;
  return (
    <>
      <Findings />
      {warnings.length > 0 && (
        <details class="warnings">
          <summary>
            {warnings.length} {warnings.length === 1 ? 'thing' : 'things'} to know before trusting the numbers
          </summary>
          <ul>
            {warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </details>
      )}
      <Frontier />
      <RunsTable />
      <p class="note">
        <code>{command}</code> · {engines.join('; ')}
      </p>
    </>
  );
}

/** Which setting gained most, and which one keeps most of it at the least drift. */
function Findings() {
  const model = sweep.value;
  if (!model) return null;
  const metric = gainShown(model.head.columns);
  const isScore = isDrawnAsItIs(metric);
  const gainOf = (point: Point) => measured(model, point, metric)?.mean ?? Number.NEGATIVE_INFINITY;
  const driftOf = (point: Point) => model.summary(point, costMetric)?.mean ?? Number.POSITIVE_INFINITY;
  const rated = visiblePoints.value.filter(
    (point) => Number.isFinite(gainOf(point)) && Number.isFinite(driftOf(point)),
  );
  const [best] = rated.toSorted((a, b) => gainOf(b) - gainOf(a));
  if (!best || gainOf(best) <= 0) return null;
  const [cheapest = best] = rated
    .filter((point) => gainOf(point) >= keptShare * gainOf(best))
    .toSorted((a, b) => driftOf(a) - driftOf(b));
  const figures = (point: Point) => {
    const [gain, drift] = [measured(model, point, metric), model.summary(point, costMetric)];
    const format = isScore ? formatSummary : formatDifference;
    return `${gain ? format(metric, gain) : ''} ${metricTitle(metric).replace(/ %$/, '')} at Δemb ${drift ? formatSummary(costMetric, drift) : ''}`;
  };
  return (
    <dl class="findings">
      <div>
        <dt>{isScore ? 'Highest' : 'Gained most'}</dt>
        <dd>
          <strong>{best.label}</strong>
          <span>{figures(best)}</span>
        </dd>
      </div>
      <div>
        <dt>
          Least drift for {100 * keptShare} % of that{isScore ? '' : ' gain'}
        </dt>
        <dd>
          <strong>{cheapest.label}</strong>
          <span>{figures(cheapest)}</span>
        </dd>
      </div>
    </dl>
  );
}
