import { createRequire } from 'node:module';
import { join } from 'node:path';
import { messageOf } from '../../errors.ts';
import { packageFolder, parts } from './places.ts';

const require = createRequire(import.meta.url);

/** What stderr.cc exports. */
interface StderrModule {
  /** Collects in memory what is written to file descriptor 2; false if that is not possible. */
  capture(): boolean;
  /** Ends that, and returns what was written. */
  release(): string;
}

/**
 * Runs `load` while this process's standard error is collected in memory: libtensorflow prints there before its log
 * level applies. What it printed becomes part of the error if `load` throws, and is forgotten otherwise.
 */
export function withoutLibraryLog<T>(load: () => T): T {
  const stderr = require(join(packageFolder, parts.stderr)) as StderrModule;
  stderr.capture();
  let failure: unknown;
  try {
    return load();
  } catch (error) {
    failure = error;
  } finally {
    const printed = stderr.release();
    if (failure !== undefined) {
      const message = messageOf(failure);
      failure = new Error(`${message}\n${printed}`.trim(), { cause: failure });
    }
  }
  throw failure;
}
