import { join } from 'node:path';
import process from 'node:process';
import { type Browser, chromium, type Page } from 'playwright-core';
import { places } from '../../src/cli/environment.ts';
import { serveDashboard } from '../../src/dashboard/server/dashboardServer.ts';
import { builtPage } from '../../src/dashboard/server/page.ts';
import { UserError } from '../../src/errors.ts';
import { executablePath } from '../dashboard/chromium.ts';
import { writeManyRuns } from '../dashboard/manyRuns.ts';

/** How long something on the page took, in seconds. */
export interface PageTime {
  readonly name: string;
  readonly seconds: number;
}

const runs = { name: 'many', temperatures: 20, weights: 25, seeds: 5, steps: 1000 };

/** What is done on the page, as its own code would do it, by what it is called. */
const interactions: readonly (readonly [name: string, code: string])[] = [
  ['sort', "document.querySelectorAll('thead th button')[4].click()"],
  ['filter by a number', typed('knn.macroF1 > 0.3')],
  ['filter by words', typed('weight 10')],
  ['without filter', typed('')],
  ['expand to seeds', "document.querySelector('button.plain').click()"],
  ['pick', "document.querySelector('td.tools input').click()"],
  ['a row a run', chosen('runs')],
  ['to Parameters', "document.querySelectorAll('nav a')[1].click()"],
  ['to Overview', "document.querySelectorAll('nav a')[0].click()"],
  ['to Curves', "document.querySelectorAll('nav a')[2].click()"],
];

/** Times the dashboard with 5,000 runs of 1,000 steps in Chromium: opened once the server is ready, and then used. */
export async function dashboardTimes(folder: string): Promise<PageTime[]> {
  if (executablePath === undefined) {
    throw new UserError({
      code: 'BENCH_NO_BROWSER',
      given: 'no Chromium on this machine',
      expected: 'one, for the suite dashboard',
      remedy: 'Install it (apt-get install chromium), or name it by CONTRAFIT_CHROMIUM.',
    });
  }
  const results = join(folder, 'dashboard');
  await writeManyRuns(results, runs);
  const page = await builtPage(() => {});
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  const dashboard = await serveDashboard({
    results,
    page,
    places: places(process.env),
    host: '127.0.0.1',
    port: 0,
  });
  try {
    // While nothing has been read: the server begins when it starts, and whoever is quick waits for it.
    const first = await opened(browser, dashboard.url);
    const again = await opened(browser, dashboard.url);
    const times: PageTime[] = [
      { name: 'first view of 5,000 runs × 1,000 steps, server just started', seconds: first.seconds },
      { name: 'first view, server ready', seconds: again.seconds },
    ];
    for (const [name, code] of interactions) {
      times.push({ name, seconds: await answered(again.page, code) });
      await again.page.waitForTimeout(700);
    }
    return times;
  } finally {
    await browser.close();
    await dashboard.close();
  }
}

/** Until the table and the chart of the overview are there. */
async function opened(browser: Browser, url: string): Promise<{ readonly page: Page; readonly seconds: number }> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const begin = performance.now();
  await page.goto(url);
  await page.waitForSelector('.runs tbody td');
  await page.waitForSelector('.chart canvas');
  return { page, seconds: (performance.now() - begin) / 1000 };
}

/** From an action to the second picture after it. */
async function answered(page: Page, code: string): Promise<number> {
  const milliseconds = await page.evaluate<number>(`(async () => {
    const begin = performance.now();
    ${code};
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    return performance.now() - begin;
  })()`);
  return milliseconds / 1000;
}

function typed(text: string): string {
  return `(() => {
    const input = document.querySelector('.filter input');
    input.value = ${JSON.stringify(text)};
    input.dispatchEvent(new InputEvent('input', { bubbles: true }));
  })()`;
}

function chosen(value: string): string {
  return `(() => {
    const select = [...document.querySelectorAll('select')].find(({ options }) => [...options].some((own) => own.value === ${JSON.stringify(value)}));
    select.value = ${JSON.stringify(value)};
    select.dispatchEvent(new Event('change', { bubbles: true }));
  })()`;
}
