import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A key, and what it looks like in a header. */
export function formsOf(key: string): string[] {
  return [key, Buffer.from(key).toString('base64'), Buffer.from(`api:${key}`).toString('base64')];
}

/** The files below a folder that hold a key in any form. */
export function filesWith(key: string, folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name));
  return paths.filter((path) => formsOf(key).some((form) => path.includes(form) || readFileSync(path).includes(form)));
}

/** What the system shows of a process; empty if it is gone. Linux only. */
export function shownOf(pid: number): { readonly title: string; readonly environment: string } {
  return { title: `${procFile(pid, 'cmdline')}\n${procFile(pid, 'comm')}`, environment: procFile(pid, 'environ') };
}

function procFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}
