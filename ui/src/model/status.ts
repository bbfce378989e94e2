/** How a status looks: one icon, one word, one colour, everywhere. */
export type StatusLook = { icon: 'running' | 'waiting' | 'done' | 'stopped' | 'failed' | 'unknown' | 'retry' | 'cancelled' | 'idle'; word: string; tone: 'accent' | 'warn' | 'ok' | 'bad' | 'odd' | 'muted' }

const LOOKS: Record<string, StatusLook> = {
  running: { icon: 'running', word: 'Running', tone: 'accent' },
  waiting: { icon: 'waiting', word: 'Waiting', tone: 'warn' },
  retrying: { icon: 'retry', word: 'Retrying', tone: 'warn' },
  completed: { icon: 'done', word: 'Completed', tone: 'ok' },
  succeeded: { icon: 'done', word: 'Completed', tone: 'ok' },
  approved: { icon: 'done', word: 'Approved', tone: 'ok' },
  rejected: { icon: 'stopped', word: 'Rejected', tone: 'bad' },
  changes: { icon: 'retry', word: 'Changes asked', tone: 'warn' },
  failed: { icon: 'failed', word: 'Failed', tone: 'bad' },
  timed_out: { icon: 'waiting', word: 'Timed out', tone: 'bad' },
  cancelled: { icon: 'cancelled', word: 'Cancelled', tone: 'muted' },
  unknown: { icon: 'unknown', word: 'Unknown outcome', tone: 'odd' },
  open: { icon: 'waiting', word: 'Open', tone: 'warn' },
  decided: { icon: 'done', word: 'Decided', tone: 'muted' },
  submitted: { icon: 'done', word: 'Submitted', tone: 'ok' },
  returned: { icon: 'done', word: 'Handed back', tone: 'ok' },
  happened: { icon: 'done', word: 'Happened', tone: 'ok' },
  not_happened: { icon: 'stopped', word: 'Did not happen', tone: 'bad' },
  closed: { icon: 'cancelled', word: 'Closed', tone: 'muted' },
}

export function statusLook(status: string): StatusLook {
  const known = LOOKS[status]
  if (known) return known
  const words = status.replaceAll('_', ' ')
  return { icon: 'idle', word: words.charAt(0).toUpperCase() + words.slice(1), tone: 'muted' }
}

export const RUN_STATUSES = ['running', 'waiting', 'completed', 'rejected', 'failed', 'cancelled'] as const
