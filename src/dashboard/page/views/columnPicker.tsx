import { useEffect, useState } from 'preact/hooks';
import { metricTitle } from '../../../report/metrics.ts';
import { Checkbox, Select } from '../components/select.tsx';
import { loggedMetrics } from '../loggedMetrics.ts';
import { type Column, courseFigures } from '../model/columns.ts';
import { columnIds, sweep } from '../store.ts';

/** What the table of runs shows. */
export function ColumnPicker({ columns }: { readonly columns: readonly Column[] }) {
  const model = sweep.value;
  const [search, setSearch] = useState('');
  const [logged, setLogged] = useState<readonly string[]>([]);
  const [figure, setFigure] = useState<string>('best');
  useEffect(() => {
    loggedMetrics().then(setLogged, () => setLogged([]));
  }, [model?.head.name]);
  if (!model) return null;
  const shown = new Set(columns.map(({ id }) => id));
  const toggle = (id: string) => columnIds.set(shown.has(id) ? [...shown].filter((own) => own !== id) : [...shown, id]);
  const groups: readonly (readonly [string, readonly { id: string; title: string }[]])[] = [
    ['Settings', model.head.axes.map((path) => ({ id: `axis:${path}`, title: path }))],
    ['Run', ['status', 'front', 'seeds', 'seconds', 'started'].map((id) => ({ id, title: runColumns[id] ?? id }))],
    ['Measures', model.metrics.map((metric) => ({ id: `metric:${metric}`, title: titled(metric) }))],
    ['Gain over the original', model.metrics.map((metric) => ({ id: `gain:${metric}`, title: titled(metric) }))],
    [`Course, ${figure} value`, logged.map((metric) => ({ id: `${figure}:${metric}`, title: metric }))],
  ];
  return (
    <fieldset class="picker">
      <legend class="hidden">Columns</legend>
      <p>
        <input
          type="search"
          aria-label="Search for columns"
          placeholder="search"
          value={search}
          onInput={({ currentTarget }) => setSearch(currentTarget.value)}
        />
        <Select label="Of courses" value={figure} options={courseFigures} onChange={setFigure} />
        <button type="button" onClick={() => columnIds.set([])}>
          The usual ones
        </button>
      </p>
      <div class="groups">
        {groups.map(([title, entries]) => {
          const found = entries.filter((entry) => entry.title.toLowerCase().includes(search.toLowerCase()));
          if (found.length === 0) return null;
          return (
            <fieldset key={title}>
              <legend>{title}</legend>
              {found.map((entry) => (
                <Checkbox
                  key={entry.id}
                  label={entry.title}
                  checked={shown.has(entry.id)}
                  onChange={() => toggle(entry.id)}
                />
              ))}
            </fieldset>
          );
        })}
      </div>
    </fieldset>
  );
}

const runColumns: Readonly<Record<string, string>> = { front: '★', seeds: 'n', seconds: 'took' };

function titled(metric: string): string {
  const title = metricTitle(metric);
  return title === metric ? metric : `${title} (${metric})`;
}
