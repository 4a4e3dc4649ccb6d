import { oppositeClasses, type Pairs, placesOf } from '../data/circumplex.ts';
import { type Corpus, isContextual } from '../data/corpus.ts';
import { didYouMean } from '../didYouMean.ts';
import type { Problem } from '../errors.ts';
import { weightedSum } from '../objectives/weightedSum.ts';
import type { Settings } from './experiment.ts';

/** What of the settings does not go together. */
export function settingProblems(settings: Settings): Problem[] {
  const { training, classifier, pooling, evaluation, objective, segments, data } = settings;
  const classifies = weightedSum(objective).needs.has('logits');
  const isTaught = [objective.crossEntropy, objective.binaryCrossEntropy].some((term) => (term?.weight ?? 0) > 0);
  const problems: Problem[] = fineTunesNothing(settings) ? [withoutTasks] : [];
  if (!classifies && training.monitor.startsWith('classifier.')) problems.push(monitorsNothing(training.monitor));
  if (!classifies && evaluation.classifier.examples.length > 0) problems.push(examplesOfNothing);
  if (classifies && classifier.kind === 'sequenceClassification' && pooling !== 'cls') problems.push(headOnMean);
  if (objective.crossEntropy && objective.binaryCrossEntropy) problems.push(twoActivations);
  if ((objective.contradiction?.weight ?? 0) > 0 && !isTaught) problems.push(taughtNothing);
  if (segments === 'two' && (training.lora || training.freeze.layers > 0)) problems.push(untrainedSegments);
  if (evaluation.classifier.examples.length > 0 && isContextual(data.source)) {
    problems.push(examplesWithoutContext);
  }
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
  remedy: "Use --set 'evaluation.classifier.examples=[]'.",
};

const examplesWithoutContext: Problem = {
  code: 'EXAMPLES_WITHOUT_CONTEXT',
  given: 'evaluation.classifier.examples on a corpus whose texts are encoded with what precedes them',
  expected: 'texts with a first segment, as those that it is trained on',
  remedy: "Use --set 'evaluation.classifier.examples=[]', and ask the trained model with: yarn predict --context.",
};

const taughtNothing: Problem = {
  code: 'CLASSIFIER_UNTRAINED',
  given: 'objective.contradiction without a term that teaches the classes',
  expected: 'crossEntropy or binaryCrossEntropy with a weight above 0 beside it',
  remedy: 'Add one of them.',
};

const untrainedSegments: Problem = {
  code: 'SEGMENTS_UNTRAINED',
  given: 'segments two with training.lora or training.freeze.layers',
  expected: 'token types that are trained: the second is like the first until then',
  remedy: 'Use --set segments=own, or train all layers.',
};

const twoActivations: Problem = {
  code: 'CLASSIFIER_TWO_ACTIVATIONS',
  given: 'crossEntropy and binaryCrossEntropy in one objective',
  expected: 'one of them: a classification head is a softmax or sigmoids',
  remedy: 'Remove one of them.',
};

/** Classes that an objective goes by and that the corpus does not have, or of which it does not know enough. */
export function classProblems({ objective, evaluation }: Settings, { name, labelNames }: Corpus): Problem[] {
  const places = placesOf(labelNames, {
    valence: objective.valence?.values,
    intensity: objective.intensity?.values,
  });
  const placeless = (['valence', 'intensity'] as const).flatMap((term) => {
    const missing = labelNames.filter((_, label) => objective[term] && Number.isNaN(places[term][label]));
    if (missing.length === 0) return [];
    return {
      code: 'CIRCUMPLEX_CLASS_WITHOUT_PLACE',
      given: `objective.${term} on ${name}, of whose classes no ${term} is known: ${missing.join(', ')}`,
      expected: `the ${term} of every class`,
      remedy: `Give them in objective.${term}.values, e.g. {${missing.map((own) => `"${own}":0`).join(',')}} with values of your own.`,
    };
  });
  const namesIn = (pairs: Pairs = []) => [...pairs.map(([first]) => first), ...pairs.map(([, second]) => second)];
  const named: Readonly<Record<string, readonly string[]>> = {
    'objective.contradiction.pairs': namesIn(objective.contradiction?.pairs),
    'evaluation.classifier.contradictions': namesIn(evaluation.classifier.contradictions),
    'objective.valence.values': Object.keys(objective.valence?.values ?? {}),
    'objective.intensity.values': Object.keys(objective.intensity?.values ?? {}),
  };
  const unknownClasses = Object.entries(named).flatMap(([path, names]) =>
    [...new Set(names)]
      .filter((own) => !labelNames.includes(own))
      .map((own) => ({
        code: 'DATA_UNKNOWN_CLASS',
        given: `${path} with "${own}", which is no class of ${name}`,
        expected: `one of ${labelNames.join(', ')}`,
        remedy: `Correct the name.${didYouMean(own, labelNames)}`,
      })),
  );
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
