import { isCounted } from '../../../report/overSeeds.ts';
import { isConnected, sweep } from '../store.ts';

/** How far the sweep is, and what is wrong with it. */
export function SweepState() {
  const model = sweep.value;
  if (!model) return null;
  const { runs } = model;
  const finished = runs.filter(({ status }) => isCounted(status)).length;
  const counts = new Map<string, number>();
  for (const { status } of runs) if (!isCounted(status)) counts.set(status, (counts.get(status) ?? 0) + 1);
  // What is running goes on by parts of a run.
  const parts = runs.reduce((sum, { progress }) => sum + (progress ? progress.step / progress.steps : 0), 0);
  return (
    <div class="state" role="status">
      <progress value={finished + parts} max={runs.length} aria-label="finished runs" />
      <span>
        {finished} of {runs.length} runs finished
        {[...counts].map(([status, count]) => `, ${count} ${status}`)}
        {!isConnected.value && ' · no connection'}
      </span>
    </div>
  );
}
