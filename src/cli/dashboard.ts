import process from 'node:process';
import { serveDashboard } from '../dashboard/server/dashboardServer.ts';
import { builtPage } from '../dashboard/server/page.ts';
import { experimentFolders } from '../tracking/results.ts';
import { count } from './count.ts';
import { placesToLook } from './environment.ts';
import { argumentParser, defaultResults, runCli } from './run.ts';

async function main(): Promise<number> {
  const args = await argumentParser('yarn dashboard')
    .usage(
      '$0 [results]\n\nServes a page on which runs are compared by looking, live while a sweep is at work. Nothing leaves this machine.',
    )
    .command('$0 [results]', false, (command) =>
      command.positional('results', {
        type: 'string',
        default: defaultResults,
        describe: 'results folder, or that of one experiment',
      }),
    )
    .options({
      port: { type: 'number', requiresArg: true, default: 7007, describe: '0: any that is free' },
      host: {
        type: 'string',
        requiresArg: true,
        default: '127.0.0.1',
        describe: 'where it listens; beyond this machine, e.g. on 0.0.0.0, its address has a token in it',
      },
    })
    .example('$0', 'everything below results')
    .example('ssh -L 7007:127.0.0.1:7007 <machine>', 'to look at it from another machine')
    .parseAsync();
  if (args.help) return 0;
  const results = String(args.results);
  const experiments = experimentFolders(results).length;
  const page = await builtPage(() => process.stdout.write('Building the page, once for this version …\n'));
  const dashboard = await serveDashboard({
    results,
    page,
    places: placesToLook(process.env),
    host: args.host,
    port: args.port,
  });
  process.stdout.write(`${dashboard.url}   ${count(experiments, 'experiment')} in ${results}; Ctrl-C ends it\n`);
  await new Promise<void>((resolve) => process.on('SIGINT', resolve).on('SIGTERM', resolve));
  await dashboard.close();
  return 0;
}

runCli(main);
