import type { EChartsOption } from 'echarts';
import type { ComponentChildren } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { NumberTable } from '../../../report/comparisonNumbers.ts';
import { Chart, type ChartEvents, type ChartProps, chartPng, chartSvg } from './chart.tsx';
import { CopyAs } from './copyAs.tsx';
import { download, downloadText } from './download.ts';
import { Scroll } from './scroll.tsx';

export interface FigureProps {
  readonly title: string;
  /** How to read it. */
  readonly note?: string;
  readonly option: EChartsOption;
  readonly height: number;
  readonly events?: ChartEvents;
  readonly onDrawn?: ChartProps['onDrawn'];
  /** What is drawn, for those who cannot see it and for other programs. */
  readonly numbers: () => NumberTable;
  /** What is chosen of it: selects, switches. */
  readonly children?: ComponentChildren;
}

/** A chart with what belongs to it: its title, choices, the numbers behind it, and its pictures as files. */
export function Figure({ title, note, option, height, events, onDrawn, numbers, children }: FigureProps) {
  const [isOpen, setOpen] = useState(false);
  const name = title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-');
  const size = { width: 1000, height: Math.max(height, 420) };
  return (
    <section class="figure">
      <header>
        <h2>{title}</h2>
        <div class="choices">{children}</div>
      </header>
      {note !== undefined && <p class="note">{note}</p>}
      <Chart option={option} height={height} label={title} {...(events && { events })} {...(onDrawn && { onDrawn })} />
      <footer>
        <button type="button" onClick={() => download(`${name}.png`, chartPng(option, size.width, size.height))}>
          PNG
        </button>
        <button
          type="button"
          onClick={() => downloadText(`${name}.svg`, 'image/svg+xml', chartSvg(option, size.width, size.height))}
        >
          SVG
        </button>
        <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? 'Hide the numbers' : 'Show the numbers'}
        </button>
      </footer>
      {isOpen && <Numbers title={title} table={numbers()} />}
    </section>
  );
}

/** Rows that are shown; all of them are copied. */
const mostShown = 200;

function Numbers({ title, table }: { readonly title: string; readonly table: NumberTable }) {
  const texts = useMemo(
    () => ({
      titles: table.columns,
      rows: table.rows.map((row) => row.map((value) => (value === null ? '' : String(value)))),
    }),
    [table],
  );
  return (
    <div class="numbers">
      <CopyAs name={title} table={() => texts} />
      <Scroll label={`The numbers of ${title}`} isTall>
        <table>
          <thead>
            <tr>
              {texts.titles.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {texts.rows.slice(0, mostShown).map((row, i) => (
              <tr key={i}>
                {row.map((cell, j) => (
                  <td key={j}>{cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {texts.rows.length > mostShown && (
        <p class="note">
          The first {mostShown} of {texts.rows.length} rows; all of them are copied.
        </p>
      )}
    </div>
  );
}
