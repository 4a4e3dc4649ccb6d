import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ProbeAnswer, RunDetail, SpaceMap, Sweep } from '../../src/dashboard/wire.ts';
import { root, scratchFolder, startSweep, sweep, tiny, until } from '../cli/command.ts';
import { hasBrowser, useBrowser } from './browser.ts';
import { markup, writeHostileResults } from './hostileResults.ts';
import { writeManyRuns } from './manyRuns.ts';
import { openDashboard } from './openDashboard.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Milliseconds that the process of the encoders may take to start and answer beside busy cores. */
const encoders = 120_000;

/** The views by the names of their tabs. */
const views = ['Overview', 'Parameters', 'Curves', 'Compare', 'Space', 'Probe'];

/** What is wrong with a page for who uses a keyboard or a screen reader. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    type Axe = { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    const { violations: found } = await (globalThis as unknown as { axe: Axe }).axe.run();
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  });
}

const rows = (page: Page): Locator => page.locator('.runs tbody tr:not(.space)');
const tab = (page: Page, name: string): Promise<void> => page.getByRole('link', { name, exact: true }).click();

/** What code gives that looks at the canvas of a chart. */
function ofCanvas<T>(chart: Locator, code: string): Promise<T> {
  const look = (canvas: unknown, source: string) => new Function('canvas', source)(canvas) as T;
  return chart.locator('canvas').first().evaluate(look, code);
}

/** Colours of a chart's picture: one that shows nothing has one. */
async function coloursOf(chart: Locator): Promise<number> {
  return ofCanvas<number>(
    chart,
    `const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
       return new Set(new Uint32Array(data.buffer)).size;`,
  );
}

/** The place of a coloured pixel in the left half of a chart, in its own pixels. */
const firstMark = `
  const { width, height } = canvas;
  const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
  for (let y = Math.floor(height * 0.1); y < height * 0.9; y++) {
    for (let x = Math.floor(width * 0.06); x < width * 0.45; x++) {
      const [r, g, b, a] = data.slice(4 * (y * width + x), 4 * (y * width + x) + 4);
      if (a > 150 && Math.max(r, g, b) - Math.min(r, g, b) > 60) {
        return { x: (x * canvas.clientWidth) / width + 2, y: (y * canvas.clientHeight) / height + 2 };
      }
    }
  }
  throw new Error('there is no mark');`;

async function rightHalf(chart: Locator): Promise<string> {
  return ofCanvas<string>(
    chart,
    `const { width, height } = canvas;
       const { data } = canvas.getContext('2d').getImageData(width / 2 + 20, 0, width / 2 - 20, height);
       let hash = 7;
       for (const value of data) hash = (hash * 31 + value) | 0;
       return String(hash);`,
  );
}

async function expectDrawn(page: Page, title: string | RegExp): Promise<void> {
  const chart = page.getByRole('img', { name: title });
  await expect.poll(() => coloursOf(chart)).toBeGreaterThan(3);
}

const scratch = scratchFolder();
const open = useBrowser();

describe.skipIf(!hasBrowser)('The page of experiments/retrofit.ts', () => {
  const results = join(scratch, 'retrofit-results');
  let url: string;

  beforeAll(async () => {
    const { code, stderr } = await sweep([
      ...['experiments/retrofit.ts', '--seeds', '1..2', '--set', 'training.steps=8', '--out', results],
    ]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const closing: (() => Promise<void>)[] = [];
    ({ url } = await openDashboard(results, (close) => closing.push(close)));
    return async () => {
      for (const close of closing) await close();
    };
  }, 300_000);

  test('opens with what was gained, the frontier, and every setting with its mean and interval', async (context) => {
    const { page, problems } = await open(context, url);
    await expectDrawn(page, 'The frontier');
    await expect.poll(() => rows(page).count()).toBe(7);
    expect(await page.title()).toBe('retrofit · Contrafit');
    expect(await page.getByRole('status').first().innerText()).toContain('13 of 13 runs finished');
    const titles = await page.locator('.runs thead th').allInnerTexts();
    expect(titles.slice(1)).toEqual([
      ...['temperature', 'weight', 'status', 'Δemb', 'macro F1 %', 'macro F1 gain'],
      ...['MAP@R', 'MAP@R gain', 'AMI', 'AMI gain', '★', 'n'],
    ]);
    expect(await page.locator('.findings').innerText()).toMatch(/Gained most\n.*temperature/);
    expect(await rows(page).nth(1).innerText()).toMatch(/0\.1\s+0\s+● completed\s+[\d.]+ ± [\d.]+/);
    expect(problems).toEqual([]);
  });

  test('sorts by a column, filters by an expression, and opens a setting to its seeds', async (context) => {
    const { page, problems } = await open(context, url);
    await page.getByRole('button', { name: 'Δemb' }).click();
    const drifts = async () =>
      (await rows(page).locator('td:nth-child(5)').allInnerTexts()).map((text) => Number(text.split(' ')[0]));
    await expect.poll(async () => (await drifts()).length).toBe(7);
    expect(await drifts()).toEqual((await drifts()).toSorted((a, b) => b - a));
    expect(await page.locator('th[aria-sort=descending]').innerText()).toContain('Δemb');
    await page.getByRole('searchbox', { name: 'Filter' }).fill('weight >= 10 and temperature == 0.1');
    await expect.poll(() => rows(page).count()).toBe(2);
    await page.getByRole('button', { name: /^Seeds of temperature 0.1 · weight 100/ }).click();
    await expect.poll(() => rows(page).count()).toBe(4);
    await page.getByRole('searchbox', { name: 'Filter' }).fill('weigth > 1');
    await expect.poll(() => page.locator('#filter-help').innerText()).toBe('not understood: there is no weigth');
    expect(problems).toEqual([]);
  });

  test('a link reopens what was seen, and the back button goes a view back', async (context) => {
    const { page } = await open(context, url);
    await expect.poll(() => rows(page).count()).toBe(7);
    await page.getByRole('searchbox', { name: 'Filter' }).fill('weight > 0');
    await tab(page, 'Curves');
    await page.getByLabel('Metric').selectOption('train/terms/supCon');
    await expectDrawn(page, 'train/terms/supCon');
    const { page: other } = await open(context, page.url());
    await expectDrawn(other, 'train/terms/supCon');
    expect(await other.getByRole('searchbox', { name: 'Filter' }).inputValue()).toBe('weight > 0');
    await page.goBack();
    await expect.poll(() => rows(page).count()).toBe(4);
  });

  test('columns can be chosen, also of what is logged on the way', async (context) => {
    const { page, problems } = await open(context, url);
    await page.getByRole('button', { name: 'Columns' }).click();
    await page.getByRole('group', { name: 'Course, best value' }).getByLabel('train/loss').check();
    await expect.poll(() => page.locator('.runs thead').innerText()).toContain('train/loss best');
    await expect.poll(() => rows(page).nth(1).locator('td').last().innerText()).toMatch(/^\d.* ± /);
    expect(problems).toEqual([]);
  });

  test('what is brushed on the parallel coordinates is what all views show', async (context) => {
    const { page, problems } = await open(context, `${url}#experiment=retrofit&view=parameters`);
    await expectDrawn(page, /macro F1 % by temperature and weight/);
    await expectDrawn(page, /What macro F1 % depends on/);
    const chart = page.getByRole('img', { name: 'Parallel coordinates' });
    await expectDrawn(page, 'Parallel coordinates');
    await chart.scrollIntoViewIfNeeded();
    const box = (await chart.boundingBox()) ?? expect.fail('the chart is not there');
    // The first axis is that of temperatures, the greater above: from its middle to beyond its end.
    await page.mouse.move(box.x + 60, box.y + 180);
    await page.mouse.down();
    await page.mouse.move(box.x + 60, box.y + 40, { steps: 5 });
    await page.mouse.up();
    await expect.poll(() => page.locator('#filter-help').innerText()).toBe('3 of 6 settings');
    await tab(page, 'Overview');
    await expect.poll(() => rows(page).count()).toBe(4);
    await page.getByRole('button', { name: /temperature is brushed/ }).click();
    await expect.poll(() => rows(page).count()).toBe(7);
    expect(problems).toEqual([]);
  });

  test('settings that are picked are compared, with the paired difference and its interval', async (context) => {
    const { page, problems } = await open(context, url);
    await page.getByLabel('Compare temperature 0.1 · weight 0', { exact: true }).check();
    await page.getByLabel('Compare temperature 0.1 · weight 10', { exact: true }).check();
    await tab(page, 'Compare');
    const differing = page.getByRole('region', { name: 'What differs' });
    await expect.poll(() => differing.innerText()).toContain('objective.vectorSpacePreservation.weight');
    expect(await differing.locator('tbody tr').count()).toBe(1);
    const measures = page.getByRole('region', { name: 'Measures' });
    expect(await measures.innerText()).toMatch(
      /macro F1 %\s+↑\s+[\d.]+ ± [\d.]+\s+[\d.]+ ± [\d.]+\s+[+-][\d.]+ ± [\d.]+/,
    );
    for (const title of [/F1 of each class/, /Confusion, temperature 0.1 · weight 10/, 'Drift by layer']) {
      await expectDrawn(page, title);
    }
    expect(await page.locator('.commands code').first().innerText()).toMatch(/^yarn sweep .*--agent/);
    expect(problems).toEqual([]);
  });

  test('a table is copied as Markdown, LaTeX and CSV, and a chart is had as PNG and SVG', async (context) => {
    const { page } = await open(context, url);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await expect.poll(() => rows(page).count()).toBe(7);
    const copied = async (format: string) => {
      await page.locator('.runs').getByRole('button', { name: format, exact: true }).click();
      await expect.poll(() => page.locator('.runs').getByRole('status').innerText()).toBe(`${format} copied`);
      return page.evaluate<string>('navigator.clipboard.readText()');
    };
    expect((await copied('Markdown')).split('\n')[0]).toMatch(/^\| temperature \| weight \| status \|/);
    expect(await copied('LaTeX')).toMatch(/\\begin\{tabular\}[\s\S]*\$\\pm\$[\s\S]*\\end\{tabular\}/);
    expect((await copied('CSV')).split('\n')).toHaveLength(8);
    for (const [button, name] of [
      ['PNG', 'the-frontier.png'],
      ['SVG', 'the-frontier.svg'],
    ] as const) {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: button, exact: true }).first().click(),
      ]);
      expect(download.suggestedFilename()).toBe(name);
      const content = readFileSync((await download.path()) ?? '');
      if (button === 'PNG') expect(content.subarray(1, 4).toString()).toBe('PNG');
      else expect(content.toString()).toMatch(/^<svg[\s\S]*gain in macro F1[\s\S]*<\/svg>$/);
    }
  });

  test('the same texts lie on the map of both encoders, and a class can be made to stand out', {
    timeout: 300_000,
  }, async (context) => {
    const { page, problems } = await open(context, `${url}#experiment=retrofit&view=space`);
    const chart = page.getByRole('img', { name: /^Untouched on the left/ });
    await expect.poll(() => chart.count(), { timeout: encoders }).toBe(1);
    await expectDrawn(page, /^Untouched on the left/);
    expect(await page.locator('.figure .note').innerText()).toMatch(/^480 of 480 test texts/);
    await page.getByLabel('Map').selectOption('umap');
    await expect.poll(() => page.getByText('are embedded and mapped').count(), { timeout: encoders }).toBe(0);
    await expectDrawn(page, /^Untouched on the left/);
    // Pointing at a mark on the left changes the picture on the right.
    const mark = await ofCanvas<{ x: number; y: number }>(chart, firstMark);
    const box = (await chart.boundingBox()) ?? expect.fail('the chart is not there');
    const before = await rightHalf(chart);
    await page.mouse.move(box.x + mark.x, box.y + mark.y, { steps: 3 });
    await expect.poll(() => rightHalf(chart)).not.toBe(before);
    await page.getByRole('button', { name: 'joy' }).click();
    expect(page.url()).toContain('classes=joy');
    await page.getByRole('button', { name: 'Show the numbers' }).click();
    expect(await page.locator('.numbers tbody tr').count()).toBe(200);
    expect(problems).toEqual([]);
  });

  test('a sentence has the class that the run gave it, and its neighbours', { timeout: 300_000 }, async (context) => {
    const get = async <T>(path: string) => (await (await fetch(`${url}api/experiments/retrofit${path}`)).json()) as T;
    const { table } = await get<Sweep>('');
    const [run] = table.runs.filter(({ kind, seed }) => kind === 'retrofit' && seed === 1);
    const id = run?.id ?? expect.fail();
    const { texts, labelNames } = await get<SpaceMap>(`/runs/${id}/map`);
    const retrofitted = await get<RunDetail>(`/runs/${id}`);
    const original = await get<RunDetail>(`/runs/${run?.original}`);
    const sentences = texts.slice(0, 12);
    const answers = await Promise.all(
      sentences.map((text) => get<ProbeAnswer>(`/probe?${new URLSearchParams({ text, runs: id })}`)),
    );
    // Rounding by batches of another size may move a text from one neighbour to another, but not many texts.
    for (const [i, { predictions }] of [original, retrofitted].entries()) {
      const predicted = predictions.find(({ classifier }) => classifier === 'knn')?.predicted ?? [];
      const agreeing = answers.filter(({ encoders }, text) => {
        return encoders[i]?.label === labelNames[predicted[text] as number];
      });
      expect(agreeing.length).toBeGreaterThanOrEqual(11);
    }
    for (const { neighbours } of answers.flatMap(({ encoders }) => encoders)) {
      expect(neighbours).toHaveLength(10);
      const cosines = neighbours.map(({ cosine }) => cosine);
      expect(cosines.every((cosine, i) => cosine <= (cosines[i - 1] ?? 1) + 0.01)).toBe(true);
    }
    const { page, problems } = await open(context, `${url}#experiment=retrofit&view=probe&pick=${id}`);
    await page.getByRole('textbox', { name: 'Sentence' }).fill(sentences[0] ?? '');
    await page.getByRole('button', { name: 'Ask' }).click();
    await expect.poll(() => page.locator('.answer').count(), { timeout: encoders }).toBe(2);
    expect(await page.locator('.answer h2').allInnerTexts()).toEqual([
      'untouched encoder',
      'temperature 0.1 · weight 0 · seed 1',
    ]);
    expect(problems).toEqual([]);
  });

  test('a report is one file with the same views, and asks nobody for anything', {
    timeout: 300_000,
  }, async (context) => {
    const file = join(scratch, 'report.html');
    const made = spawnSync(
      process.execPath,
      ['--import', 'tsx', 'src/cli/runs.ts', 'report', 'retrofit', '--results', results, '--output', file],
      { cwd: root, encoding: 'utf8' },
    );
    expect(made).toMatchObject({ status: 0, stderr: '' });
    expect(made.stdout).toContain('it needs nothing else');
    const { page, problems } = await open(context, `file://${file}`);
    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    await expectDrawn(page, 'The frontier');
    await expect.poll(() => rows(page).count()).toBe(7);
    await page.getByLabel('Compare temperature 0.1 · weight 0', { exact: true }).check();
    await page.getByLabel('Compare temperature 0.3 · weight 0', { exact: true }).check();
    await tab(page, 'Parameters');
    await expectDrawn(page, 'Parallel coordinates');
    await tab(page, 'Curves');
    await expectDrawn(page, 'train/loss');
    await tab(page, 'Compare');
    await expectDrawn(page, /^Confusion, temperature 0.3/);
    await tab(page, 'Space');
    await expectDrawn(page, /^Untouched on the left/);
    expect(await page.getByLabel('Encoder').locator('option').count()).toBe(6);
    await tab(page, 'Probe');
    await expect.poll(() => page.locator('main').innerText()).toContain('yarn dashboard');
    expect(requests.filter((request) => !/^(data|blob):/.test(request))).toEqual([]);
    expect(problems).toEqual([]);
  });

  test.for([
    'light',
    'dark',
  ] as const)('every view is accessible by axe, at 1280 and 390 pixels, %s', async (colourScheme, context) => {
    for (const width of [1280, 390]) {
      const { page, problems } = await open(context, url, { width, colourScheme });
      await page.getByLabel('Compare temperature 0.1 · weight 0', { exact: true }).check();
      await page.getByLabel('Compare temperature 0.1 · weight 10', { exact: true }).check();
      for (const view of views) {
        await tab(page, view);
        await page.waitForTimeout(300);
        expect(await violations(page), `${view} at ${width}`).toEqual([]);
        const wider = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        expect(wider, `${view} at ${width}`).toBeLessThanOrEqual(0);
      }
      expect(problems).toEqual([]);
    }
  });
});

describe.skipIf(!hasBrowser)('The page', () => {
  test('follows a sweep at work', { timeout: 300_000 }, async (context) => {
    const results = join(scratch, 'live');
    const running = startSweep([tiny, '--out', results, '--workers', '1', '--set', 'training.steps=15']);
    context.onTestFinished(() => running.finished.then(() => {}));
    await until(() => running.printed().includes('✓'));
    const { url } = await openDashboard(results, (close) => context.onTestFinished(close));
    const { page, problems } = await open(context, url);
    const state = () => page.getByRole('status').first().innerText();
    await expect.poll(state).toMatch(/^\d of 9 runs finished/);
    await expect.poll(async () => (await state()).includes('1 running'), { timeout: 60_000 }).toBe(true);
    await expect.poll(state, { timeout: 200_000 }).toBe('9 of 9 runs finished');
    expect(await rows(page).last().innerText()).toMatch(/completed\s+[\d.]+ ± /);
    expect((await running.finished).code).toBe(0);
    expect(problems).toEqual([]);
  });

  test('shows an experiment that begins after it was opened', async (context) => {
    const results = join(scratch, 'empty');
    await writeManyRuns(results, { name: 'first', temperatures: 1, weights: 2, seeds: 2, steps: 2 });
    const { url } = await openDashboard(results, (close) => context.onTestFinished(close));
    const { page } = await open(context, url);
    await expect.poll(() => rows(page).count()).toBe(5);
    await writeManyRuns(results, { name: 'second', temperatures: 1, weights: 2, seeds: 1, steps: 2 });
    await expect
      .poll(() => page.getByLabel('Experiment').locator('option').allInnerTexts(), { timeout: 20_000 })
      .toEqual(expect.arrayContaining(['first', 'second']));
    await page.getByLabel('Experiment').selectOption('second');
    await expect.poll(() => page.getByRole('status').first().innerText()).toContain('5 of 5 runs');
  });

  test('takes nothing in a run for markup, and no number breaks it', { timeout: 300_000 }, async (context) => {
    const results = join(scratch, 'hostile');
    const name = await writeHostileResults(results);
    const { url } = await openDashboard(results, (close) => context.onTestFinished(close));
    const { page, problems } = await open(context, url);
    await expect.poll(() => page.title()).toBe(`${name} · Contrafit`);
    await expect.poll(() => page.locator('.runs').innerText()).toContain(markup);
    await page.getByLabel('A row is').selectOption('runs');
    await expect.poll(() => rows(page).count()).toBe(10);
    for (const box of await page.getByRole('checkbox').all()) if (await box.isEnabled()) await box.check();
    for (const view of views) {
      await tab(page, view);
      await page.waitForTimeout(500);
      const closed = page.getByRole('button', { name: 'Show the numbers' });
      while ((await closed.count()) > 0) await closed.first().click();
      await page.mouse.move(300, 400);
    }
    expect(await page.evaluate(() => (globalThis as { taken?: number }).taken)).toBeUndefined();
    // The encoders of such runs cannot be had, which the page says.
    await tab(page, 'Space');
    expect(await page.getByRole('alert').innerText({ timeout: encoders })).toContain('SETTINGS_OF_OTHER_VERSION');
    expect(problems.filter((problem) => !problem.includes('status of 422'))).toEqual([]);
  });

  test('shows 5,000 runs and answers', async (context) => {
    const results = join(scratch, 'many');
    const runs = await writeManyRuns(results, { name: 'many', temperatures: 20, weights: 25, seeds: 5, steps: 3 });
    expect(runs).toBe(5001);
    const { url } = await openDashboard(results, (close) => context.onTestFinished(close));
    const { page, problems } = await open(context, url);
    await expect.poll(() => page.locator('.runs table').getAttribute('aria-rowcount')).toBe('1002');
    // What is out of sight is not in the document.
    expect(await rows(page).count()).toBeLessThan(60);
    await page.getByRole('searchbox', { name: 'Filter' }).fill('temperature == 0.05 and knn.macroF1 > 0.2');
    await expect.poll(() => page.locator('#filter-help').innerText()).toMatch(/^\d+ of 1000 settings$/);
    await page.getByRole('searchbox', { name: 'Filter' }).fill('');
    // Charts of thousands of marks are taken away while they are painted; there are no encoders to be looked at.
    const drawn = views.filter((view) => view !== 'Space');
    for (const view of [...drawn, ...drawn, ...drawn]) await tab(page, view);
    await page.waitForTimeout(500);
    expect(problems).toEqual([]);
  });
});
