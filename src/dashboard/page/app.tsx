import { useEffect } from 'preact/hooks';
import { messageOf } from '../../errors.ts';
import { Problem } from './components/problem.tsx';
import { Select } from './components/select.tsx';
import { SweepModel } from './model/sweep.ts';
import { addressWith, param, reset } from './state.ts';
import { experimentName, experiments, isConnected, listProblem, problem, source, sweep } from './store.ts';
import { theme, themes } from './theme.ts';
import { CompareView } from './views/compare.tsx';
import { CurvesView } from './views/curves.tsx';
import { FilterBar } from './views/filterBar.tsx';
import { OverviewView } from './views/overview.tsx';
import { ParametersView } from './views/parameters.tsx';
import { ProbeView } from './views/probe.tsx';
import { SpaceView } from './views/space.tsx';
import { SweepState } from './views/sweepState.tsx';

const views = [
  { id: 'overview', title: 'Overview', View: OverviewView },
  { id: 'parameters', title: 'Parameters', View: ParametersView },
  { id: 'curves', title: 'Curves', View: CurvesView },
  { id: 'compare', title: 'Compare', View: CompareView },
  { id: 'space', title: 'Space', View: SpaceView },
  { id: 'probe', title: 'Probe', View: ProbeView },
] as const;

const viewId = param('view', 'overview', true);

/** The page. */
export function App() {
  useEffect(() => {
    const load = async () => {
      try {
        const found = await source.experiments();
        experiments.value = found;
        listProblem.value = undefined;
        const [first] = found.filter((item) => item.problem === undefined);
        if (experimentName.value === '' && first) experimentName.replace(first.name);
      } catch (error) {
        listProblem.value = `the dashboard's server does not answer (${messageOf(error)})`;
      }
    };
    void load();
    const timer = setInterval(load, 10_000);
    return () => clearInterval(timer);
  }, []);
  const name = experimentName.value;
  useEffect(() => {
    sweep.value = undefined;
    problem.value = undefined;
    if (name === '') return undefined;
    document.title = `${name} · Contrafit`;
    return source.follow(name, {
      onSweep: (all) => {
        problem.value = undefined;
        sweep.value = SweepModel.from(all);
      },
      onUpdate: (update) => {
        sweep.value = sweep.peek()?.updated(update);
      },
      onConnection: (isLive) => {
        isConnected.value = isLive;
      },
      onProblem: (text) => {
        problem.value = text;
      },
    });
  }, [name]);
  const { id, View } = views.find((view) => view.id === viewId.value) ?? views[0];
  return (
    <>
      <header class="page">
        <h1>
          <span class="mark" aria-hidden="true" />
          Contrafit
        </h1>
        <Select
          label="Experiment"
          value={name}
          options={(experiments.value ?? []).map((item) => item.name)}
          onChange={(experiment) => reset({ experiment })}
        />
        <SweepState />
        <Select
          label="Colours"
          value={theme.value}
          options={themes}
          onChange={(value) => {
            theme.value = themes.find((own) => own === value) ?? 'system';
          }}
        />
      </header>
      <Problem text={problem.value ?? listProblem.value} />
      {experiments.value?.length === 0 && (
        <p class="note">There is no experiment here yet; one appears as soon as a sweep begins.</p>
      )}
      {sweep.value && (
        <>
          <nav aria-label="Views">
            {views.map((view) => (
              <a
                key={view.id}
                href={addressWith('view', view.id)}
                aria-current={view.id === id ? 'page' : undefined}
                onClick={(event) => {
                  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
                  event.preventDefault();
                  viewId.set(view.id);
                }}
              >
                {view.title}
              </a>
            ))}
          </nav>
          <FilterBar />
          <main>
            <View />
          </main>
        </>
      )}
    </>
  );
}
