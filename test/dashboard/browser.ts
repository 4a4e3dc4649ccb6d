import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, type TestContext } from 'vitest';
import { executablePath } from './chromium.ts';

/** Tests that look at a page skip without one. */
export const hasBrowser = executablePath !== undefined;

/** A page and what went wrong in it. */
export interface OpenPage {
  readonly page: Page;
  /** Errors of the console and of scripts, and what the content security policy has kept out. */
  readonly problems: readonly string[];
}

export interface PageOptions {
  readonly width?: number;
  readonly colourScheme?: 'light' | 'dark';
}

/** A browser for the tests of a file; gives a function that opens an address in a fresh profile. */
export function useBrowser(): (context: TestContext, url: string, options?: PageOptions) => Promise<OpenPage> {
  let browser: Browser;
  beforeAll(async () => {
    if (executablePath !== undefined) browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });
  afterAll(() => browser?.close());
  return async (context, url, { width = 1280, colourScheme = 'light' } = {}) => {
    const profile = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: colourScheme });
    context.onTestFinished(() => profile.close());
    const page = await profile.newPage();
    const problems: string[] = [];
    page.on('console', (message) => {
      // The tests look at pixels; the page does not.
      if (message.text().includes('willReadFrequently')) return;
      if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
    });
    page.on('pageerror', (error) => problems.push(String(error)));
    await page.goto(url);
    return { page, problems };
  };
}
