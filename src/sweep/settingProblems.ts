import { oppositeClasses, placesOf } from '../data/circumplex.ts';
import type { Corpus } from '../data/corpus.ts';
import { didYouMean } from '../didYouMean.ts';
import type { Problem } from '../errors.ts';
import { weightedSum } from '../objectives/weightedSum.ts';
import type { Settings } from './experiment.ts';

/** What of the settings does not go together. */
export function settingProblems(settings: Settings): Problem[] {
  const { training, classifier, pooling, evaluation, objective } = settings;
  const classifies = weightedSum(objective).needs.has('logits');
  const problems: Problem[] = fineTunesNothing(settings) ? [withoutTasks] : [];
  if (!classifies && training.monitor.startsWith('classifier.')) problems.push(monitorsNothing(training.monitor));
  if (!classifies && evaluation.classifier.examples.length > 0) problems.push(examplesOfNothing);
  if (classifies && classifier.kind === 'sequenceClassification' && pooling !== 'cls') problems.push(headOnMean);
  if (objective.crossEntropy && objective.binaryCrossEntropy) problems.push(twoActivations);
  return problems;
}

function monitorsNothing(monitor: string): Problem {
  return {
    code: 'MONITOR_WITHOUT_CLASSIFIER',
    given: `training.monitor ${monitor} with an objective that trains no classification head`,
    expected: 'crossEntropy or binaryCrossEntropy among the terms of the objective',
    remedy: 'Use --set training.monitor=knn.macroF1.',
  };
}

const examplesOfNothing: Problem = {
  code: 'EXAMPLES_WITHOUT_CLASSIFIER',
  given: 'evaluation.classifier.examples with an objective that trains no classification head',
  expected: 'crossEntropy or binaryCrossEntropy among the terms of the objective',
  remedy: 'Remove the examples.',
};

const twoActivations: Problem = {
  code: 'CLASSIFIER_TWO_ACTIVATIONS',
  given: 'crossEntropy and binaryCrossEntropy in one objective',
  expected: 'one of them: a classification head is a softmax or sigmoids',
  remedy: 'Remove one of them.',
};

/** Classes that an objective goes by and that the corpus does not have, or of which it does not know enough. */
export function classProblems({ objective }: Settings, { name, labelNames }: Corpus): Problem[] {
  const places = placesOf(labelNames, {
    valence: objective.valence?.values ?? {},
    intensity: objective.intensity?.values ?? {},
  });
  const placeless = (['valence', 'intensity'] as const).flatMap((term) => {
    const missing = labelNames.filter((_, label) => objective[term] && Number.isNaN(places[term][label]));
    if (missing.length === 0) return [];
    return {
      code: 'CIRCUMPLEX_CLASS_WITHOUT_PLACE',
      given: `objective.${term} on ${name}, of whose classes no ${term} is known: ${missing.join(', ')}`,
      expected: `the ${term} of every class`,
      remedy: `Give them, e.g. --set 'objective.${term}.values={"${missing[0]}":0.5}'.`,
    };
  });
  const pairs = objective.contradiction?.pairs ?? [];
  const unknown = [...new Set(pairs.flatMap(({ first, second }) => [first, second]))].filter(
    (own) => !labelNames.includes(own),
  );
  const unknownClasses = unknown.map((own) => ({
    code: 'DATA_UNKNOWN_CLASS',
    given: `objective.contradiction.pairs with "${own}", which is no class of ${name}`,
    expected: `one of ${labelNames.join(', ')}`,
    remedy: `Correct the name.${didYouMean(own, labelNames)}`,
  }));
  const contradictsNothing =
    objective.contradiction && !objective.contradiction.pairs && oppositeClasses(labelNames).length === 0;
  return [
    ...placeless,
    ...unknownClasses,
    ...(contradictsNothing
      ? [
          {
            code: 'CONTRADICTION_WITHOUT_PAIRS',
            given: `objective.contradiction on ${name}, whose classes contradict each other as far as is known in no pair`,
            expected: 'pairs of classes that do',
            remedy: 'Name them in objective.contradiction.pairs, as [class, class] or [class, class, weight].',
          },
        ]
      : []),
  ];
}

const headOnMean: Problem = {
  code: 'CLASSIFIER_ON_MEAN',
  given: 'classifier.kind sequenceClassification with pooling mean',
  expected: 'pooling cls, on which these heads stand in transformers',
  remedy: 'Use --set pooling=cls, or --set classifier.kind=linear.',
};

function fineTunesNothing({ evaluation: { downstream } }: Settings): boolean {
  const { tasks, fineTuning, fewShot, multiTask } = downstream;
  return tasks.length === 0 && (fineTuning !== null || fewShot !== null || multiTask !== null);
}

const withoutTasks: Problem = {
  code: 'DOWNSTREAM_WITHOUT_TASKS',
  given: 'evaluation.downstream with fineTuning, fewShot or multiTask, and no tasks',
  expected: 'tasks to fine-tune on',
  remedy: 'Name them, e.g. --tasks sst2,tweeteval-irony.',
};
