export const strings = {
  open: 'Back-test',
  title: 'What would the last runs have done?',
  text: 'Their own triggers, answers, forms, decisions and silences are played again. Nothing leaves, nothing changes.',
  against: 'Against',
  draft: 'the draft',
  version: (number: number) => `version ${number}`,
  last: 'Last runs',
  start: 'Play them',
  playing: 'Playing…',
  summary: (runs: number, changed: number, unsaid: number) =>
    `${runs} runs played: ${changed === 0 ? 'none' : changed} would do something else` +
    `${unsaid > 0 ? `, ${unsaid} cannot be told` : ''}.`,
  none: 'No run has been made yet.',
  affected: 'Runs that would change or cannot be told',
  verdict: {
    same: 'same',
    cannot_say: 'cannot be told',
    end_changed: 'another end',
    request_changed: 'other request',
    path_changed: 'another path',
  },
  path: (after: string, now: string, recorded: string) => `after ${after}: ${now} instead of ${recorded}`,
  passing: (count: number) =>
    count === 1
      ? '1 run would pass through other steps and do the same.'
      : `${count} runs would pass through other steps and do the same.`,
  start_of: 'the start',
  end_of: 'the end',
  request: (step: string) => `${step} would send`,
  end: (now: string, recorded: string) => `ends ${now} instead of ${recorded}`,
  renamed: (pairs: string) => `Only renamed, which is no other path: ${pairs}`,
  unreadable: (count: number) => `${count} runs cannot be read.`,
}
