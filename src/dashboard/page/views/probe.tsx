import { useState } from 'preact/hooks';
import { messageOf } from '../../../errors.ts';
import type { ProbeAnswer } from '../../wire.ts';
import { Problem } from '../components/problem.tsx';
import { param } from '../state.ts';
import { experimentName, source, sweep } from '../store.ts';
import { chosenEncoders, encoderRuns } from './encoderRuns.ts';

const sentenceParam = param('sentence');

/** What is nearest to a sentence under the untouched encoder and under retrofitted ones. */
export function ProbeView() {
  const model = sweep.value;
  const [state, setState] = useState<{ answer?: ProbeAnswer; problem?: string; isAsking?: boolean }>({});
  const runs = encoderRuns.value;
  const chosen = chosenEncoders.value;
  const { probe } = source;
  if (!probe) {
    return (
      <p class="note">
        This takes the encoders, which a report does not hold: <code>yarn dashboard</code> shows it where the runs are.
      </p>
    );
  }
  if (!model || chosen.length === 0) return <p class="note">No run is finished yet.</p>;
  const ask = async () => {
    setState({ isAsking: true });
    try {
      const ids = chosen.map(({ run }) => run.id);
      setState({ answer: await probe(experimentName.value, ids, sentenceParam.value) });
    } catch (error) {
      setState({ problem: messageOf(error) });
    }
  };
  const nameOf = (run: string | null) =>
    run === null ? 'untouched encoder' : (runs.find((own) => own.run.id === run)?.label ?? run);
  const { answer, problem, isAsking = false } = state;
  return (
    <section>
      <form
        class="probe"
        onSubmit={(event) => {
          event.preventDefault();
          void ask();
        }}
      >
        <label>
          Sentence{' '}
          <input
            type="text"
            value={sentenceParam.value}
            placeholder="I did not expect you to remember."
            onInput={({ currentTarget }) => sentenceParam.set(currentTarget.value)}
          />
        </label>
        <button type="submit" disabled={isAsking || sentenceParam.value.trim() === ''}>
          {isAsking ? 'Asking …' : 'Ask'}
        </button>
      </form>
      <p class="note">
        Under {chosen.map(({ label }) => label).join('; ')}. Settings that are picked in the overview are asked instead.
      </p>
      <Problem text={problem} />
      {answer && (
        <>
          <div class="pair" role="status">
            {answer.encoders.map(({ run, label, neighbours }) => (
              <section key={run ?? 'original'} class="answer">
                <h2>{nameOf(run)}</h2>
                <p>
                  kNN says <strong>{label}</strong>
                </p>
                <ol>
                  {neighbours.map(({ text, label: own, cosine }) => (
                    <li key={text}>
                      <span class={own === label ? 'agrees' : ''}>{own}</span> {text}{' '}
                      <span class="faint">{cosine.toFixed(3)}</span>
                    </li>
                  ))}
                </ol>
              </section>
            ))}
          </div>
          <p class="note">
            Neighbours by cosine among {answer.references} of {answer.all} training texts.
          </p>
        </>
      )}
    </section>
  );
}
