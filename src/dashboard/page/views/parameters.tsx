import { metricTitle } from '../../../report/metrics.ts';
import { Select } from '../components/select.tsx';
import { chooseMeasure, measure, sweep } from '../store.ts';
import { HeatMap } from './heatMap.tsx';
import { ImportanceChart } from './importanceChart.tsx';
import { ParallelCoordinates } from './parallelCoordinates.tsx';

/** What the parameters do to a measure. */
export function ParametersView() {
  const model = sweep.value;
  if (!model) return null;
  const metric = measure.value;
  return (
    <>
      <p class="lead">
        <Select
          label="Measure"
          value={metric}
          options={model.metrics.map((own) => ({ value: own, title: metricTitle(own) }))}
          onChange={chooseMeasure}
        />
      </p>
      <HeatMap metric={metric} />
      <ParallelCoordinates />
      <ImportanceChart metric={metric} />
    </>
  );
}
