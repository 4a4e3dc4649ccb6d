import { brushes, coordinates, filter, filterText, picked, sweep, visiblePoints } from '../store.ts';

/** What leaves fewer runs in all views, and how many are left. */
export function FilterBar() {
  const model = sweep.value;
  if (!model) return null;
  const points = model.points.filter(({ kind }) => kind === 'retrofit').length;
  const { problem } = { problem: undefined, ...filter.value };
  const names = new Set(coordinates.value.map(({ name }) => name));
  const brushed = Object.entries(brushes.value).filter(([name, ranges]) => ranges.length > 0 && names.has(name));
  return (
    <search class="filter">
      <label>
        Filter{' '}
        <input
          type="search"
          value={filterText.value}
          placeholder="knn.macroF1 > 0.35 and weight >= 10"
          aria-invalid={problem !== undefined}
          aria-describedby="filter-help"
          onInput={({ currentTarget }) => filterText.set(currentTarget.value)}
        />
      </label>
      <span id="filter-help">
        {problem === undefined ? `${visiblePoints.value.length} of ${points} settings` : `not understood: ${problem}`}
      </span>
      {brushed.map(([name]) => (
        <button
          key={name}
          type="button"
          onClick={() => brushes.set(Object.fromEntries(brushed.filter(([own]) => own !== name)))}
        >
          {model.axisNames.get(name) ?? name} is brushed ✕
        </button>
      ))}
      {picked.value.length > 0 && (
        <button type="button" onClick={() => picked.set([])}>
          {picked.value.length} picked ✕
        </button>
      )}
    </search>
  );
}
