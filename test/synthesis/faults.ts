import type { Fault } from './completionServer.ts';

const prose = { content: 'Sure! I would be happy to help with that.' };

/** Everything that can go wrong, once or more. What comes out in spite of it is in `golden`. */
export const everyFault: readonly Fault[] = [
  { stage: 'characters', about: 'The Last Ferry', transport: [{ status: 500 }] },
  { stage: 'characters', about: 'Forty Voices', answers: [prose] },
  { stage: 'utterances', about: '## Character: Jonas', transport: ['drop', { status: 429, retryAfter: 1 }] },
  {
    stage: 'utterances',
    about: '## Character: Teodora',
    answers: [{ content: '{"emotional": [{"emotion": "joy", "text": "Apples!"}], "neutral": ["One.", "Two."]}' }],
  },
  {
    stage: 'labels',
    about: 'Take your pencil off',
    answers: [
      { content: '{"emotions": [{"emotion": "anger", "expressiveness": "high"}]}' },
      { content: '{"emotions": [{"emotion": "anger", "expressiveness": 9}]}' },
    ],
  },
  {
    stage: 'labels',
    about: 'High water is at ten',
    answers: [
      {
        content:
          '<think>Tides {flat}.</think>\nHere you are:\n```json\n{"emotions": [{"emotion": "Neutral", "expressiveness": 0.9}, {"emotion": "approval", "expressiveness": 0.1}]}\n```',
      },
    ],
  },
  { stage: 'labels', about: 'Steam from the front', answers: [{ content: '', finish: 'content_filter' }] },
  { stage: 'labels', about: 'Seven pounds and shouting', transport: ['drop in body'] },
  { stage: 'context', about: 'You named the engine?', answers: [prose, prose] },
  { stage: 'context', about: 'You dug all night', transport: [{ status: 400, code: 'context_length_exceeded' }] },
  { stage: 'context', about: 'Lights. That', transport: [{ delay: 300 }] },
  {
    stage: 'clean',
    about: 'something from the altos',
    answers: [{ content: '{"context": "The altos chew, to the annoyance of Aurel."}' }],
  },
  {
    stage: 'clean',
    about: 'answers with longing',
    answers: [
      { content: '{"context": "He answers with desire."}' },
      { content: '{"context": "He answers with pride."}' },
    ],
  },
  {
    stage: 'rewrite',
    about: 'Ugh, wormy',
    answers: [{ content: '{"utterance": "Wormy. And the worm', finish: 'length' }],
  },
  { stage: 'rewrite', about: 'Did you hear me', transport: ['hang'] },
  { stage: 'rewrite', about: 'Row nine', transport: [{ status: 503 }, 'drop'] },
];
