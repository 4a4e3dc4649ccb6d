import { createHash } from 'node:crypto';
import { messageOf } from '../../errors.ts';
import { isCounted } from '../../report/overSeeds.ts';
import { finiteOrName } from '../../tracking/journal.ts';
import { journalOf } from '../../tracking/results.ts';
import type { Spaces } from '../space/spaces.ts';
import type { ReportData, RunDetail, RunTable, Series, SpaceMap } from '../wire.ts';
import { CourseReader, seriesOf } from './courses.ts';
import type { PageFiles } from './page.ts';
import { readDetail } from './runDetail.ts';
import { SweepFolder } from './sweepFolder.ts';

/** Values of courses that a report holds, and at least of each series. */
const mostValues = 1_000_000;
const leastOfEach = 200;
/** Runs whose courses and predictions a report holds: some 100 kB each. */
const mostInFull = 300;
/** Settings of whose space a report has a map, as far as their encoders are there. */
const mostMaps = 12;

/**
 * The dashboard of one experiment as a single HTML file that loads nothing: the page, and all that it would ask the server.
 *
 * @throws UserError as {@link SweepFolder.read} does
 */
export async function reportHtml(folder: string, page: PageFiles, spaces: Spaces): Promise<string> {
  return inlined(page, await reportData(folder, spaces));
}

async function reportData(folder: string, spaces: Spaces): Promise<ReportData> {
  const sweepFolder = new SweepFolder(folder);
  const { head, table } = await sweepFolder.read();
  const reader = new CourseReader(0);
  const courses: Record<string, Record<string, Series>> = {};
  const details: Record<string, RunDetail> = {};
  let isThinned = false;
  const finished = table.runs.filter(({ status }) => isCounted(status) || status === 'diverged');
  for (const { id } of finished.slice(0, mostInFull)) {
    const run = sweepFolder.runFolder(id);
    if (run === undefined) continue;
    const course = reader.read(journalOf(run));
    const most = Math.max(leastOfEach, Math.floor(mostValues / (finished.length * Math.max(1, course.values.size))));
    const series: Record<string, Series> = {};
    for (const [metric, { value }] of course.values) {
      const own = seriesOf(course, metric, most);
      if (own) series[metric] = own;
      isThinned ||= value.length > most;
    }
    courses[id] = series;
    details[id] = readDetail(run);
  }
  const { maps, problem } = await mapsOf(table, sweepFolder, spaces);
  const left = finished.length - Object.keys(details).length;
  const warnings =
    left > 0 ? [`this report has the curves and predictions of ${mostInFull} runs, not those of ${left} others`] : [];
  if (problem !== undefined) warnings.push(`this report has no map of the space: ${problem}`);
  return {
    sweep: { head: { ...head, isRunning: false, warnings: [...head.warnings, ...warnings] }, table },
    courses,
    isThinned,
    details,
    maps,
  };
}

/** Principal components of the first seed of some settings; none from the first one on that cannot be had. */
async function mapsOf(table: RunTable, folder: SweepFolder, spaces: Spaces) {
  const settings = new Map(
    table.runs
      .filter(({ kind, status }) => kind === 'retrofit' && isCounted(status))
      .map((run) => [JSON.stringify(run.axes), run.id] as const)
      .reverse(),
  );
  const maps: Record<string, SpaceMap> = {};
  for (const id of [...settings.values()].reverse().slice(0, mostMaps)) {
    const run = folder.runFolder(id);
    if (run === undefined) continue;
    try {
      maps[id] = await spaces.ask<SpaceMap>(run, { kind: 'map', run, method: 'pca' });
    } catch (error) {
      return { maps, problem: messageOf(error) };
    }
  }
  return { maps };
}

/** Style, script and data within the document, and a policy that lets nothing else in. */
function inlined(page: PageFiles, data: ReportData): string {
  const text = (path: string) => page.get(`/${path}`)?.content.toString('utf8') ?? '';
  const styles: string[] = [];
  const scripts: string[] = [];
  const html = text('index.html')
    .replace(/<link rel="stylesheet"[^>]*href="\.\/([^"]+)"[^>]*>/g, (_, path: string) => {
      styles.push(text(path));
      return '';
    })
    .replace(/<script type="module"[^>]*src="\.\/([^"]+)"[^>]*><\/script>/g, (_, path: string) => {
      // What would end the element is written so that it means the same.
      scripts.push(text(path).replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--'));
      return '';
    })
    .replace(/<link rel="icon"[^>]*>/, '');
  const policy = [
    "default-src 'none'",
    `script-src ${scripts.map(hashSource).join(' ')}`,
    `style-src ${styles.map(hashSource).join(' ')}`,
    'img-src data: blob:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const json = JSON.stringify(data, finiteOrName).replaceAll('<', '\\u003c');
  const head = [
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    ...styles.map((style) => `<style>${style}</style>`),
  ];
  const body = [
    `<script type="application/json" id="report">${json}</script>`,
    ...scripts.map((script) => `<script type="module">${script}</script>`),
  ];
  // Functions, since what is inserted may hold what `replace` takes for a pattern.
  return html
    .replace('<meta charset="utf-8" />', (found) => `${found}\n${head.join('\n')}`)
    .replace('</body>', (found) => `${body.join('\n')}\n${found}`);
}

function hashSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
