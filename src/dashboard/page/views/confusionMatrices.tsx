import { confusionMatrixChart, confusionMatrixTable } from '../../../report/confusionMatrixChart.ts';
import { Figure } from '../components/figure.tsx';
import { pooledPredictions } from '../model/comparison.ts';
import { chartTheme } from '../theme.ts';
import type { ClassifierProps } from './classBars.tsx';

/** Which classes are taken for which, of each setting or run. */
export function ConfusionMatrices({ items, details, classifier }: ClassifierProps) {
  return (
    <div class="pair">
      {items.map((item) => {
        const matrix = pooledPredictions(item, details, classifier);
        if (!matrix) return null;
        const { columns, rows } = confusionMatrixTable(matrix);
        return (
          <Figure
            key={item.id}
            title={`Confusion, ${item.label}`}
            note={`${matrix.truth.length} test texts of all seeds together; colour: share of the texts of a true class.`}
            option={confusionMatrixChart(matrix, chartTheme.value)}
            height={Math.max(420, 200 + 22 * matrix.labelNames.length)}
            numbers={() => ({ columns, rows })}
          />
        );
      })}
    </div>
  );
}
