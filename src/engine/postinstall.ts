/**
 * Run by Yarn after each installation: provides the native engine for the hardware that it finds. It never fails the
 * installation; without the engine everything runs on wasm. Set CONTRAFIT_SKIP_ENGINE=1 to leave it out.
 */
import process from 'node:process';
import { places } from '../cli/environment.ts';
import { UserError } from '../errors.ts';
import { detectHardware } from './hardware.ts';
import { installNative } from './native/install.ts';
import { kernelsAreMissing } from './native/kernels.ts';
import { logFile, nativeInstalled } from './native/places.ts';
import { suitedVariant } from './native/variants.ts';

const { flags, nvidia } = detectHardware();
const installed = nativeInstalled();
if (process.env.CONTRAFIT_SKIP_ENGINE !== '1' && (!installed || kernelsAreMissing(flags))) {
  const variant = installed?.variant ?? suitedVariant(nvidia, process.platform, process.arch);
  const { cacheFolder } = places(process.env);
  await installNative({ variant, cacheFolder, environment: process.env, fresh: false }).catch((error: unknown) => {
    const problems =
      error instanceof UserError ? error.problems : [{ given: String(error), remedy: `See ${logFile}.` }];
    const [given, remedies] = [problems.map((p) => p.given), problems.map((p) => p.remedy)];
    console.error(`The native engine (${variant}) is not installed: ${given.join('; ')}. ${remedies.join(' ')}`);
    console.error('Everything runs on wasm instead, about ten times slower. Afterwards run: yarn engine install');
  });
}
