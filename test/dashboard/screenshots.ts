/** Makes the README's pictures of the dashboard anew: `yarn tsx test/dashboard/screenshots.ts <results-folder>`. */
import process from 'node:process';
import { chromium } from 'playwright-core';
import { executablePath } from './chromium.ts';
import { openDashboard } from './openDashboard.ts';

const [results = 'results'] = process.argv.slice(2);
const closing: (() => Promise<void>)[] = [];
const { url } = await openDashboard(results, (close) => closing.push(close));
const browser = await chromium.launch({ ...(executablePath && { executablePath }), args: ['--no-sandbox'] });
const pictures = [
  { view: 'overview', colorScheme: 'light', height: 900 },
  { view: 'space', colorScheme: 'dark', height: 960 },
] as const;
for (const { view, colorScheme, height } of pictures) {
  const page = await browser.newPage({ viewport: { width: 1280, height }, colorScheme });
  await page.goto(`${url}#experiment=retrofit&view=${view}`);
  await page.waitForSelector('.chart canvas', { timeout: 60_000 });
  await page.waitForTimeout(1000);
  await page.screenshot({ path: `results/record/dashboard-${view}.png` });
}
await browser.close();
for (const close of closing) await close();
