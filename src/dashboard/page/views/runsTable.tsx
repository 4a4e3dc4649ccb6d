import { computed } from '@preact/signals';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState } from 'preact/hooks';
import { isCounted } from '../../../report/overSeeds.ts';
import { CopyAs } from '../components/copyAs.tsx';
import { Scroll } from '../components/scroll.tsx';
import { Select } from '../components/select.tsx';
import { askForExtremes, courseExtremes } from '../courseExtremes.ts';
import { type Column, columnOf, defaultColumns } from '../model/columns.ts';
import type { Point, Run } from '../model/sweep.ts';
import { type TableRow, tableRows } from '../model/tableRows.ts';
import { listParam, param } from '../state.ts';
import {
  columnIds,
  mainMetrics,
  mostPicked,
  optimalPoints,
  picked,
  rowsAre,
  sweep,
  variedAxes,
  visible,
} from '../store.ts';
import { ColumnPicker } from './columnPicker.tsx';
import { statusMark } from './status.ts';

const sortBy = param('sort');
/** Points whose runs are shown below them. */
const open = listParam('open');

const shownColumns = computed((): readonly Column[] => {
  const model = sweep.value;
  if (!model) return [];
  const ids = columnIds.value.length > 0 ? columnIds.value : defaultColumns(variedAxes.value, mainMetrics.value);
  const isOptimal = (point: Point) => optimalPoints.value.has(point);
  return ids.flatMap((id) => columnOf(id, model, { courses: courseExtremes, isOptimal }) ?? []);
});

const sorting = computed(() => {
  const [, id, direction] = /^(.*) (up|down)$/.exec(sortBy.value) ?? [];
  return { column: shownColumns.value.find((column) => column.id === id), descending: direction === 'down' };
});

const rows = computed((): readonly TableRow[] =>
  tableRows(visible.value, {
    by: rowsAre.value === 'runs' ? 'runs' : 'points',
    open: new Set(open.value),
    ...sorting.value,
  }),
);

const rowHeight = 34;

/** Every grid point, or every run, with what was set and what came of it. */
export function RunsTable() {
  const [isPicking, setPicking] = useState(false);
  const scroll = useRef<HTMLElement>(null);
  const columns = shownColumns.value;
  const shown = rows.value;
  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });
  useEffect(() => {
    const metrics = columns.flatMap(({ id }) => /^(?:min|max|best|last):(.*)$/.exec(id)?.[1] ?? []);
    if (metrics.length === 0) return;
    const finished = shown
      .flatMap(({ run, point }) => (run ? [run] : point.runs))
      .filter(({ status }) => isCounted(status));
    askForExtremes(metrics, [...new Set(finished.map(({ id }) => id))]);
  }, [columns, shown]);
  const items = virtual.getVirtualItems();
  const before = items[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  const copied = () => ({
    titles: columns.map(({ title }) => title),
    aligns: columns.map(({ align }) => align),
    rows: shown.map((row) => columns.map((column, i) => placeText(row, i, contentOf(column, row).text))),
  });
  return (
    <section class="runs">
      <header>
        <h2>Runs</h2>
        <div class="choices">
          <Select
            label="A row is"
            value={rowsAre.value}
            options={[
              { value: 'points', title: 'a setting, over its seeds' },
              { value: 'runs', title: 'a run' },
            ]}
            onChange={(value) => rowsAre.set(value)}
          />
          <button type="button" aria-expanded={isPicking} onClick={() => setPicking(!isPicking)}>
            Columns
          </button>
        </div>
      </header>
      {isPicking && <ColumnPicker columns={columns} />}
      <Scroll label="Table of runs" isTall place={scroll}>
        <table aria-rowcount={shown.length + 1}>
          <thead>
            <tr aria-rowindex={1}>
              <th scope="col">
                <span class="hidden">compare</span>
              </th>
              {columns.map((column) => (
                <Heading key={column.id} column={column} />
              ))}
            </tr>
          </thead>
          <tbody>
            {before > 0 && <tr class="space" style={{ height: `${before}px` }} />}
            {items.map(({ index }) => {
              const row = shown[index];
              return row && <Row key={row.id} row={row} columns={columns} index={index} />;
            })}
            {after > 0 && <tr class="space" style={{ height: `${after}px` }} />}
          </tbody>
        </table>
      </Scroll>
      {shown.length === 0 && <p class="note">Nothing passes the filter.</p>}
      <p class="note">
        ±: half-width of the 95 % t interval over n seeds; gain: over the original encoder, paired by seed; ★: nothing
        gains as much for as little Δemb. Means are over all seeds of a setting, whichever of them the filter leaves.
      </p>
      <CopyAs name="runs" table={copied} />
    </section>
  );
}

function contentOf(column: Column, { run, point }: TableRow) {
  return run ? column.ofRun(run, point) : column.ofPoint(point);
}

function Heading({ column: { id, title, align } }: { readonly column: Column }) {
  const { column, descending } = sorting.value;
  const isSorted = column?.id === id;
  const order = isSorted ? (descending ? 'descending' : 'ascending') : 'none';
  // Up, down, as planned.
  const next = isSorted ? (descending ? `${id} up` : '') : `${id} down`;
  return (
    <th scope="col" aria-sort={order} class={align}>
      <button type="button" onClick={() => sortBy.set(next)}>
        {title}
        <span aria-hidden="true">{{ ascending: ' ▲', descending: ' ▼', none: '' }[order]}</span>
      </button>
    </th>
  );
}

interface RowProps {
  readonly row: TableRow;
  readonly columns: readonly Column[];
  readonly index: number;
}

function Row({ row, columns, index }: RowProps) {
  const { point, run, isInner } = row;
  const isOpen = open.value.includes(point.id);
  const canOpen = !run && point.kind === 'retrofit' && point.runs.length > 1;
  const isPicked = picked.value.includes(row.id);
  const label = run ? `${point.label} seed ${run.seed}` : point.label;
  return (
    <tr aria-rowindex={index + 2} class={`${isInner ? 'inner' : ''} ${point.kind}`}>
      <td class="tools">
        <span>
          <input
            type="checkbox"
            aria-label={`Compare ${label}`}
            checked={isPicked}
            disabled={!isPicked && picked.value.length >= mostPicked}
            onChange={() =>
              picked.set(isPicked ? picked.value.filter((id) => id !== row.id) : [...picked.value, row.id])
            }
          />
          {canOpen && (
            <button
              type="button"
              class="plain"
              aria-expanded={isOpen}
              aria-label={`Seeds of ${label}`}
              onClick={() => {
                open.set(isOpen ? open.value.filter((id) => id !== point.id) : [...open.value, point.id]);
              }}
            >
              {isOpen ? '▾' : '▸'}
            </button>
          )}
        </span>
      </td>
      {columns.map((column, i) => (
        <td key={column.id} class={column.align}>
          {column.id === 'status' ? (
            <Status row={row} text={contentOf(column, row).text} />
          ) : (
            placeText(row, i, contentOf(column, row).text)
          )}
        </td>
      ))}
    </tr>
  );
}

/** The first column of an original says what it is. */
function placeText({ point }: TableRow, column: number, text: string): string {
  return column === 0 && text === '' && point.kind === 'original' ? 'original' : text;
}

function Status({ row: { run, point }, text }: { readonly row: TableRow; readonly text: string }) {
  const runs: readonly Run[] = run ? [run] : point.runs;
  const reasons = [...new Set(runs.flatMap(({ reason }) => reason ?? []))];
  const working = runs.find(({ progress }) => progress)?.progress;
  return (
    <span class={`status ${runs[0]?.status ?? ''}`} title={reasons.join('\n')}>
      <span aria-hidden="true">{statusMark(runs)}</span> {text}
      {working && <progress value={working.step} max={working.steps} aria-label="steps" />}
      {reasons.length > 0 && <span class="reason">{reasons[0]}</span>}
    </span>
  );
}
