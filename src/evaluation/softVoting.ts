import type { Probabilities } from './probabilities.ts';

/** What a classifier says of some texts. */
export interface Voter {
  readonly probabilities: Probabilities;
  /** How likely each class has to be to be given, where a text may have several. Default: .5. */
  readonly thresholds?: readonly number[] | undefined;
}

/** What several classifiers say together. */
export interface Vote {
  /** The mean of theirs. */
  readonly probabilities: Probabilities & { readonly values: Float64Array };
  /** The most likely class of each text, of equally likely ones the first; [texts]. */
  readonly predicted: Int32Array;
  /** The mean of theirs, of each class. */
  readonly thresholds: readonly number[];
}

const usualThreshold = 0.5;

/**
 * Soft voting, as scikit-learn's `VotingClassifier` without weights calls it: the mean of the members' probabilities, and what
 * follows from it.
 *
 * @param members at least one, of the same texts and classes
 */
export function softVote(members: readonly Voter[]): Vote {
  const [first] = members;
  if (!first) throw new RangeError('expected a classifier');
  const { classes, values: own } = first.probabilities;
  if (members.some(({ probabilities: other }) => other.classes !== classes || other.values.length !== own.length)) {
    throw new RangeError('expected probabilities of the same texts and classes');
  }
  const mean = (of: (member: Voter) => number) => members.reduce((sum, member) => sum + of(member), 0) / members.length;
  const values = Float64Array.from(own, (_, place) =>
    mean(({ probabilities }) => probabilities.values[place] as number),
  );
  return {
    probabilities: { values, classes },
    predicted: Int32Array.from({ length: values.length / classes }, (_, text) => {
      const row = values.subarray(text * classes, (text + 1) * classes);
      return row.indexOf(row.reduce((most, value) => Math.max(most, value)));
    }),
    thresholds: Array.from({ length: classes }, (_, label) =>
      mean(({ thresholds }) => thresholds?.[label] ?? usualThreshold),
    ),
  };
}
