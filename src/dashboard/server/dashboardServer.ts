import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { serve } from '@hono/node-server';
import { systemErrorCode, UserError } from '../../errors.ts';
import type { Places } from '../../sweep/materials.ts';
import { cacheOf } from '../../tracking/results.ts';
import { Spaces } from '../space/spaces.ts';
import type { PageFiles } from './page.ts';
import { ResultsFolder } from './resultsFolder.ts';
import { routes } from './routes.ts';

export interface DashboardOptions {
  readonly results: string;
  readonly page: PageFiles;
  /** Where corpora and encoders are found, to map texts and to probe encoders. */
  readonly places: Places;
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

export interface Dashboard {
  /** With the token, where there is one. */
  readonly url: string;
  close(): Promise<void>;
}

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);

/**
 * Serves the dashboard. Beyond loopback only with a token, which is made for the occasion.
 *
 * @throws UserError PORT_INVALID, PORT_TAKEN, HOST_UNKNOWN
 */
export async function serveDashboard({ results, page, places, host, port }: DashboardOptions): Promise<Dashboard> {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new UserError({
      code: 'PORT_INVALID',
      given: `--port ${port}`,
      expected: 'a whole number from 0 to 65535',
      remedy: 'Leave it out for the usual one, or 0 for any that is free.',
    });
  }
  const token = loopback.has(host) ? undefined : randomBytes(16).toString('hex');
  const folder = new ResultsFolder(results);
  const spaces = new Spaces(places, cacheOf(results));
  const app = routes({ results: folder, page, access: { host, ...(token !== undefined && { token }) }, spaces });
  const { server, address } = await listening(app.fetch, host, port);
  // What is wrong with it is said to whoever opens it.
  void folder.warmUp().catch(() => {});
  const isEverywhere = ['0.0.0.0', '::'].includes(address.address);
  const literal = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  const name = isEverywhere ? hostname() : literal;
  return {
    url: `http://${name}:${address.port}/${token === undefined ? '' : `?token=${token}`}`,
    close: () =>
      new Promise((done) => {
        spaces.close();
        server.close(() => done());
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  };
}

function listening(fetch: (request: Request) => Response | Promise<Response>, host: string, port: number) {
  return new Promise<{ server: ReturnType<typeof serve>; address: AddressInfo }>((resolve, reject) => {
    const server = serve({ fetch, hostname: host, port }, (address) => resolve({ server, address }));
    server.on('error', (error) => reject(asUserError(error, host, port)));
  });
}

function asUserError(error: Error, host: string, port: number): Error {
  switch (systemErrorCode(error)) {
    case 'EADDRINUSE':
      return new UserError({
        code: 'PORT_TAKEN',
        given: `--port ${port}, on which something else listens`,
        expected: 'a free port',
        remedy: 'Name another one, or 0 for any that is free; or look whether a dashboard is running there already.',
      });
    case 'EACCES':
      return new UserError({
        code: 'PORT_TAKEN',
        given: `--port ${port}, which is not for everyone`,
        expected: 'a port from 1024 on',
        remedy: 'Name another one, or 0 for any that is free.',
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new UserError({
        code: 'HOST_UNKNOWN',
        given: `--host ${host}`,
        expected: 'an address or a name of this machine',
        remedy: 'Leave it out for this machine alone, or 0.0.0.0 for all of its addresses.',
      });
    default:
      return error;
  }
}
