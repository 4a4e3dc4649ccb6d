import { useEffect, useState } from 'preact/hooks';
import { messageOf } from '../../../errors.ts';
import { measureOf } from '../../../evaluation/measures.ts';
import type { Interval, Summary } from '../../../evaluation/statistics.ts';
import type { MarkupTable } from '../../../report/markup.ts';
import {
  directionMark,
  formatDifference,
  formatInterval,
  formatSummary,
  metricTitle,
} from '../../../report/metrics.ts';
import { differenceOf, isCounted } from '../../../report/overSeeds.ts';
import { rerunCommand } from '../../../report/rerunCommand.ts';
import { showValue } from '../../../sweep/labels.ts';
import type { RunDetail } from '../../wire.ts';
import { CopyAs, copyText } from '../components/copyAs.tsx';
import { Problem } from '../components/problem.tsx';
import { Scroll } from '../components/scroll.tsx';
import { Select } from '../components/select.tsx';
import { type Compared, comparedItems, intervalsOfRuns, pairsOf } from '../model/comparison.ts';
import type { Run } from '../model/sweep.ts';
import { param } from '../state.ts';
import { experimentName, picked, source, sweep } from '../store.ts';
import { ClassBars } from './classBars.tsx';
import { ConfusionMatrices } from './confusionMatrices.tsx';
import { LayerDrift } from './layerDrift.tsx';

const classifierParam = param('classifier', 'knn');

/** Settings or runs side by side, and what the others have over the first. */
export function CompareView() {
  const model = sweep.value;
  const items = model ? comparedItems(model, picked.value) : [];
  const { details, problem, isLoading } = useDetails(items);
  if (!model) return null;
  if (items.length < 2) {
    return (
      <>
        <p class="note">Pick two to six settings or runs in the table of the overview to compare them.</p>
        {items.length > 0 && <Commands items={items} />}
      </>
    );
  }
  const classifiers = [
    ...new Set([...details.values()].flatMap(({ predictions }) => predictions.map((own) => own.classifier))),
  ];
  const classifier = classifiers.includes(classifierParam.value) ? classifierParam.value : classifiers[0];
  return (
    <>
      <Problem text={problem} />
      {isLoading ? <p class="note">The runs are read …</p> : <Settings items={items} details={details} />}
      <Measures items={items} details={details} />
      {classifier !== undefined && (
        <>
          <p class="lead">
            <Select
              label="Classifier"
              value={classifier}
              options={classifiers}
              onChange={(value) => classifierParam.set(value)}
            />
          </p>
          <ClassBars items={items} details={details} classifier={classifier} />
          <ConfusionMatrices items={items} details={details} classifier={classifier} />
        </>
      )}
      <LayerDrift items={items} details={details} />
      <Commands items={items} />
    </>
  );
}

export type Details = ReadonlyMap<string, RunDetail>;

/** Of all finished runs of what is compared. */
function useDetails(items: readonly Compared[]) {
  const [details, setDetails] = useState<Details>(new Map());
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const [isLoading, setLoading] = useState(true);
  const ids = items.flatMap(({ runs, run }) =>
    [...new Set([...runs, ...(run && hasEnded(run) ? [run] : [])])].map(({ id }) => id),
  );
  const key = ids.join();
  useEffect(() => {
    let isOld = false;
    setLoading(true);
    setProblem(undefined);
    const load = async () => {
      const answers = await Promise.allSettled(ids.map((id) => source.detail(experimentName.value, id)));
      if (isOld) return;
      const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
      const [failed] = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []));
      setDetails(new Map(found.map((detail) => [detail.id, detail])));
      if (failed !== undefined) setProblem(messageOf(failed));
      setLoading(false);
    };
    void load();
    return () => {
      isOld = true;
    };
  }, [key]);
  return { details, problem, isLoading };
}

interface PartProps {
  readonly items: readonly Compared[];
  readonly details: Details;
}

function hasEnded({ status }: Run): boolean {
  return isCounted(status) || status === 'diverged';
}

function Settings({ items, details }: PartProps) {
  const known = items.flatMap((item) => {
    const detail = details.get((item.run ?? item.runs[0])?.id ?? '');
    return detail ? [{ label: item.label, conditions: detail.conditions }] : [];
  });
  const conditions = known.map((own) => own.conditions);
  const paths = [...new Set(conditions.flatMap((own) => Object.keys(own)))].filter(
    (path) =>
      new Set(conditions.map((own) => JSON.stringify(own[path]))).size > 1 &&
      (path !== 'seed' || items.some(({ run }) => run)),
  );
  const table = {
    titles: ['setting', ...known.map(({ label }) => label)],
    aligns: ['left' as const],
    rows: paths.map((path) => [
      path,
      ...conditions.map((own) => (own[path] === undefined ? '–' : showValue(own[path]))),
    ]),
  };
  return (
    <section>
      <h2>What differs</h2>
      {known.length < items.length && (
        <p class="note">{items.length - known.length} of them cannot be read, or have no finished run.</p>
      )}
      {paths.length === 0 ? <p class="note">No setting differs.</p> : <PlainTable name="What differs" table={table} />}
    </section>
  );
}

function Measures({ items, details }: PartProps) {
  const model = sweep.value;
  const [search, setSearch] = useState('');
  const [first] = items;
  const intervals = useIntervals(items, details);
  if (!model || !first) return null;
  const metrics = model.metrics.filter((metric) => metric.toLowerCase().includes(search.toLowerCase()));
  const rows = metrics.flatMap((metric) => {
    const summaries = items.map(({ runs }) => model.summaryOver(runs, metric));
    if (summaries.every((own) => own === undefined)) return [];
    const best = bestOf(metric, summaries);
    const cells = items.map((item, i) => {
      const own = summaries[i];
      if (!own) return { text: '–', isBest: false, difference: '' };
      const found = i === 0 ? undefined : differenceOf(pairsOf(first, item), metric, 't');
      const overTexts = intervals[i]?.get(metric);
      const difference = found ? formatDifference(metric, found) : '';
      return {
        text: formatSummary(metric, own),
        isBest: own.mean === best,
        difference:
          overTexts && difference !== '' ? `${difference} (${formatInterval(metric, overTexts)})` : difference,
      };
    });
    return [{ metric, cells }];
  });
  const table = {
    titles: ['measure', 'better', ...items.flatMap(({ label }, i) => (i === 0 ? [label] : [label, '− first']))],
    aligns: ['left' as const],
    rows: rows.map(({ metric, cells }) => [
      metricTitle(metric),
      directionMark(metric),
      ...cells.flatMap(({ text, difference }, i) => (i === 0 ? [text] : [text, difference])),
    ]),
  };
  return (
    <section>
      <header>
        <h2>Measures</h2>
        <div class="choices">
          <input
            type="search"
            aria-label="Search for measures"
            placeholder="search"
            value={search}
            onInput={({ currentTarget }) => setSearch(currentTarget.value)}
          />
        </div>
      </header>
      <PlainTable name="Measures" table={table} />
      <p class="note">
        − first: paired over common seeds, with the 95 % t interval. In brackets, where two runs are compared: the 95 %
        interval of the difference had the test texts been others like them (paired bootstrap). ↑, ↓: what is better.
      </p>
    </section>
  );
}

/** Intervals over test texts, of each item over the first. They take their time, and the page answers meanwhile. */
function useIntervals(items: readonly Compared[], details: Details): readonly ReadonlyMap<string, Interval>[] {
  const [intervals, setIntervals] = useState<readonly ReadonlyMap<string, Interval>[]>([]);
  const key = items.map(({ id }) => id).join();
  useEffect(() => {
    setIntervals([]);
    const [first] = items;
    const found: ReadonlyMap<string, Interval>[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const next = () => {
      const item = items[found.length];
      if (!first || !item) return;
      found.push(intervalsOfRuns(first, item, details));
      setIntervals([...found]);
      timer = setTimeout(next);
    };
    timer = setTimeout(next);
    return () => clearTimeout(timer);
  }, [key, details]);
  return intervals;
}

function bestOf(metric: string, summaries: readonly (Summary | undefined)[]): number | undefined {
  const means = summaries.flatMap((own) => own?.mean ?? []);
  const direction = measureOf(metric)?.direction;
  if (!direction || means.length < 2) return undefined;
  return direction === 'higher' ? Math.max(...means) : Math.min(...means);
}

function PlainTable({ name, table }: { readonly name: string; readonly table: MarkupTable }) {
  return (
    <>
      <Scroll label={name}>
        <table>
          <thead>
            <tr>
              {table.titles.map((title, i) => (
                <th key={i} scope="col" class={table.aligns?.[i] ?? 'right'}>
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {table.rows.map(([head = '', ...cells]) => (
              <tr key={head}>
                <th scope="row" class="left">
                  {head}
                </th>
                {cells.map((cell, i) => (
                  <td key={i} class="right">
                    {cell}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      <CopyAs name={name} table={() => table} />
    </>
  );
}

function Commands({ items }: { readonly items: readonly Compared[] }) {
  const model = sweep.value;
  if (!model) return null;
  return (
    <section>
      <h2>To run them again</h2>
      <ul class="commands">
        {items.map(({ id, label, runs: [run] }) => {
          // An untouched encoder is computed with any of its points.
          if (!run || run.kind === 'original') return null;
          const command = rerunCommand(model.head.command, run);
          return (
            <li key={id}>
              {label}, seed {run.seed}
              <code>{command}</code>
              <button type="button" onClick={() => copyText(command)}>
                Copy
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
