import { timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { secureHeaders } from 'hono/secure-headers';

/** Who may look at the dashboard. */
export interface Access {
  /** Where it listens. */
  readonly host: string;
  /** What the address has to hold, once; none on loopback. */
  readonly token?: string;
}

/** Nothing is loaded from elsewhere, no script but the page's own runs, and no other page may hold this one in a frame. */
export const headers: MiddlewareHandler = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", 'data:', 'blob:'],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
  referrerPolicy: 'no-referrer',
  xFrameOptions: 'DENY',
});

/**
 * Lets through who called the server by its own name, so that a page of another site cannot reach it by a name that points
 * here (DNS rebinding), and where it has a token, who brings it: in the address at first, as a cookie from then on.
 */
export function admission({ host, token }: Access): MiddlewareHandler {
  return async (context, next) => {
    const url = new URL(context.req.url);
    // Cookies do not tell ports apart, and each dashboard has a token of its own.
    const cookie = `contrafit-${url.port}`;
    if (!isOwnName(url.hostname, host)) return context.text(`This is not ${url.hostname}.`, 403);
    if (token === undefined) return next();
    const given = url.searchParams.get('token');
    if (given !== null && isEqual(given, token)) {
      setCookie(context, cookie, token, { httpOnly: true, sameSite: 'Lax', path: '/' });
      url.searchParams.delete('token');
      return context.redirect(`${url.pathname}${url.search}`);
    }
    if (isEqual(getCookie(context, cookie) ?? '', token)) return next();
    return context.text('The address of this dashboard has a token in it; it was printed where it was started.', 401);
  };
}

/** An address cannot be made to point elsewhere; a name can, so that only the own ones are taken. */
function isOwnName(name: string, host: string): boolean {
  return (
    ['localhost', host.toLowerCase(), hostname().toLowerCase()].includes(name) || isIP(name.replace(/^\[|\]$/g, '')) > 0
  );
}

function isEqual(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
