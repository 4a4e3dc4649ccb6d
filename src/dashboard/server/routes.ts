import { setTimeout } from 'node:timers/promises';
import { type Context, Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { messageOf, UserError } from '../../errors.ts';
import { finiteOrName } from '../../tracking/journal.ts';
import { journalOf } from '../../tracking/results.ts';
import type { Spaces } from '../space/spaces.ts';
import { mapMethods } from '../wire.ts';
import { type Access, admission, headers } from './access.ts';
import { CourseReader, coursesOf, extremesOf } from './courses.ts';
import type { PageFiles } from './page.ts';
import type { ResultsFolder, WatchedSweep } from './resultsFolder.ts';
import { readDetail } from './runDetail.ts';

/** Milliseconds after which a silent connection says that it is there. */
const signOfLife = 15_000;
/** Characters; tokens beyond an encoder's length are cut in any case. */
const longestSentence = 5000;
const mostProbed = 6;

/** What is served, and to whom. */
export interface Served {
  readonly results: ResultsFolder;
  readonly page: PageFiles;
  readonly access: Access;
  readonly spaces: Spaces;
}

/** The dashboard over HTTP: the page, and what it asks for. Names in an address are looked up, never joined to a path. */
export function routes({ results, page, access, spaces }: Served): Hono {
  const app = new Hono();
  const courses = new CourseReader();
  const coursesIn = (sweep: WatchedSweep, runs: string) =>
    new Map(
      runs.split(',').flatMap((id) => {
        const folder = sweep.runFolder(id);
        try {
          return folder === undefined ? [] : [[id, courses.read(journalOf(folder))] as const];
        } catch {
          // Moved or not there yet: it is at work, and is asked for again.
          return [];
        }
      }),
    );
  app.use(headers);
  app.use(admission(access));
  app.get('/api/experiments', async (context) => json(context, await results.list()));
  app.get('/api/experiments/:name', async (context) => {
    const sweep = await results.open(context.req.param('name'));
    return sweep ? json(context, await sweep.read()) : context.notFound();
  });
  app.get('/api/experiments/:name/updates', async (context) => {
    const sweep = await results.open(context.req.param('name'));
    if (!sweep) return context.notFound();
    return streamSSE(context, async (stream) => {
      // Who does not keep up is told so once, and asks for all of it.
      let isBusy = false;
      let isBehind = false;
      const send = async (event: string, data: string) => {
        isBusy = true;
        await stream.writeSSE({ event, data });
        isBusy = false;
        if (!isBehind) return;
        isBehind = false;
        await send('behind', '');
      };
      const leave = sweep.watch((update) => {
        if (isBusy) isBehind = true;
        else void send('update', text(update));
      });
      const gone = new AbortController();
      stream.onAbort(() => gone.abort());
      while (!gone.signal.aborted) {
        await stream.writeSSE({ event: 'alive', data: '' });
        await setTimeout(signOfLife, undefined, { signal: gone.signal }).catch(() => {});
      }
      leave();
    });
  });
  app.get('/api/experiments/:name/courses', async (context) => {
    const sweep = await results.open(context.req.param('name'));
    if (!sweep) return context.notFound();
    const { metric = '', runs = '' } = context.req.query();
    return json(context, coursesOf(coursesIn(sweep, runs), metric));
  });
  app.get('/api/experiments/:name/extremes', async (context) => {
    const sweep = await results.open(context.req.param('name'));
    if (!sweep) return context.notFound();
    const { metric = '', runs = '' } = context.req.query();
    return json(context, extremesOf(coursesIn(sweep, runs), metric));
  });
  app.get('/api/experiments/:name/runs/:id', async (context) => {
    const { name, id } = context.req.param();
    const folder = (await results.open(name))?.runFolder(id);
    return folder === undefined ? context.notFound() : json(context, readDetail(folder));
  });
  app.get('/api/experiments/:name/runs/:id/map', async (context) => {
    const { name, id } = context.req.param();
    const run = (await results.open(name))?.runFolder(id);
    if (run === undefined) return context.notFound();
    const method = mapMethods.find((own) => own === context.req.query('method')) ?? 'pca';
    return json(context, await spaces.ask(run, { kind: 'map', run, method }));
  });
  app.get('/api/experiments/:name/probe', async (context) => {
    const sweep = await results.open(context.req.param('name'));
    const { text: sentence = '', runs: ids = '' } = context.req.query();
    const runs = ids.split(',').flatMap((id) => sweep?.runFolder(id) ?? []);
    const [first] = runs;
    if (first === undefined || sentence.trim() === '') return context.notFound();
    const text = sentence.slice(0, longestSentence);
    return json(context, await spaces.ask(first, { kind: 'probe', runs: runs.slice(0, mostProbed), text }));
  });
  app.get('*', (context) => {
    const file = page.get(context.req.path === '/' ? '/index.html' : context.req.path);
    if (!file) return context.notFound();
    return context.body(new Uint8Array(file.content), 200, { 'Content-Type': file.type, 'Cache-Control': 'no-cache' });
  });
  app.onError((error, context) => {
    return context.json({ problem: messageOf(error) }, error instanceof UserError ? 422 : 500);
  });
  return app;
}

function json(context: Context, value: unknown): Response {
  return context.body(text(value), 200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
}

function text(value: unknown): string {
  return JSON.stringify(value, finiteOrName);
}
