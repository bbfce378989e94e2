import { strings } from './strings'

/** How a status looks: one icon, one word, one colour, everywhere. */
export type StatusLook = {
  icon: 'running' | 'waiting' | 'done' | 'stopped' | 'failed' | 'unknown' | 'retry' | 'cancelled' | 'idle'
  word: string
  tone: 'accent' | 'warn' | 'ok' | 'bad' | 'odd' | 'muted'
}

const LOOKS: Record<string, Omit<StatusLook, 'word'>> = {
  running: { icon: 'running', tone: 'accent' },
  waiting: { icon: 'waiting', tone: 'warn' },
  retrying: { icon: 'retry', tone: 'warn' },
  completed: { icon: 'done', tone: 'ok' },
  succeeded: { icon: 'done', tone: 'ok' },
  approved: { icon: 'done', tone: 'ok' },
  rejected: { icon: 'stopped', tone: 'bad' },
  changes: { icon: 'retry', tone: 'warn' },
  failed: { icon: 'failed', tone: 'bad' },
  timed_out: { icon: 'waiting', tone: 'bad' },
  cancelled: { icon: 'cancelled', tone: 'muted' },
  unknown: { icon: 'unknown', tone: 'odd' },
  open: { icon: 'waiting', tone: 'warn' },
  decided: { icon: 'done', tone: 'muted' },
  submitted: { icon: 'done', tone: 'ok' },
  returned: { icon: 'done', tone: 'ok' },
  happened: { icon: 'done', tone: 'ok' },
  not_happened: { icon: 'stopped', tone: 'bad' },
  closed: { icon: 'cancelled', tone: 'muted' },
  untried: { icon: 'idle', tone: 'muted' },
  sound: { icon: 'done', tone: 'ok' },
  refused: { icon: 'failed', tone: 'bad' },
  failing: { icon: 'unknown', tone: 'warn' },
  unreachable: { icon: 'unknown', tone: 'warn' },
  not_connected: { icon: 'idle', tone: 'warn' },
  connected: { icon: 'done', tone: 'ok' },
  reconnect: { icon: 'failed', tone: 'bad' },
}

export function statusLook(status: string): StatusLook {
  const words = status.replaceAll('_', ' ')
  return {
    ...(LOOKS[status] ?? { icon: 'idle', tone: 'muted' }),
    word: strings.status[status] ?? words.charAt(0).toUpperCase() + words.slice(1),
  }
}

export const RUN_STATUSES = ['running', 'waiting', 'completed', 'rejected', 'failed', 'cancelled'] as const
