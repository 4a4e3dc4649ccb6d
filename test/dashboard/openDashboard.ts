import { places } from '../../src/cli/environment.ts';
import { type Dashboard, serveDashboard } from '../../src/dashboard/server/dashboardServer.ts';
import { builtPage } from '../../src/dashboard/server/page.ts';

/** The dashboard of a results folder on a free port. What closes it is told, so that it can be done at the end of a test. */
export async function openDashboard(
  results: string,
  whenDone: (close: () => Promise<void>) => void,
): Promise<Dashboard> {
  const page = await builtPage(() => {});
  const dashboard = await serveDashboard({
    results,
    page,
    places: places({ HF_HUB_OFFLINE: '1' }),
    host: '127.0.0.1',
    port: 0,
  });
  whenDone(() => dashboard.close());
  return dashboard;
}
