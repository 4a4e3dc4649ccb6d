import { existsSync } from 'node:fs';
import process from 'node:process';

const browsers = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/** A Chromium on this machine. */
export const executablePath = [process.env.CONTRAFIT_CHROMIUM ?? '', ...browsers].find((path) => existsSync(path));
