/** Prints a seeded run as JSON. Arguments: engine, seed. */
import process from 'node:process';
import { startEngine } from '../../src/engine/engine.ts';
import { seededRun } from './tinyTraining.ts';

const [engine, seed] = process.argv.slice(2);
await startEngine({ engine: engine === 'wasm' ? 'wasm' : 'tensorflow', precision: 'float32', threads: 0 });
process.stdout.write(JSON.stringify(await seededRun(Number(seed))));
