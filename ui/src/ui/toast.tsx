import { CircleAlert, CircleCheck, X } from 'lucide-react'
import { createStore, useStore } from './store'
import { cx } from '@/ui/cx'

type Offer = { label: string; run: () => void }
type Toast = { id: number; tone: 'ok' | 'bad'; text: string; offer?: Offer }

const toasts = createStore<Toast[]>([])
let nextId = 1

function show(tone: Toast['tone'], text: string, offer?: Offer): void {
  const id = nextId++
  toasts.set((shown) => [...shown.slice(-3), { id, tone, text, offer }])
  setTimeout(() => dismiss(id), tone === 'bad' || offer ? 8000 : 4000)
}

function dismiss(id: number): void {
  toasts.set((shown) => shown.filter((toast) => toast.id !== id))
}

/** Short news at the edge of the screen, with a way to take it back where there is one. */
export const toast = {
  ok: (text: string, offer?: Offer) => show('ok', text, offer),
  bad: (text: string) => show('bad', text),
}

export function Toasts({ dismissLabel }: { dismissLabel: string }) {
  const shown = useStore(toasts)
  return (
    <div
      role="status"
      aria-live="polite"
      className="pointer-events-none fixed inset-x-4 bottom-4 z-60 flex flex-col items-end gap-2"
    >
      {shown.map((entry) => (
        <div
          key={entry.id}
          className={cx(
            'pointer-events-auto flex max-w-md items-start gap-2 rounded-lg border border-line bg-raised px-3 py-2.5',
            'text-sm shadow-[var(--shadow)]',
          )}
          style={{ animation: 'rise 160ms ease-out' }}
        >
          {entry.tone === 'ok' ? (
            <CircleCheck size={16} className="mt-0.5 shrink-0 text-ok" />
          ) : (
            <CircleAlert size={16} className="mt-0.5 shrink-0 text-bad" />
          )}
          <span>{entry.text}</span>
          {entry.offer && (
            <button
              type="button"
              className="ml-1 shrink-0 font-medium text-accent hover:underline"
              onClick={() => {
                entry.offer?.run()
                dismiss(entry.id)
              }}
            >
              {entry.offer.label}
            </button>
          )}
          <button
            type="button"
            aria-label={dismissLabel}
            onClick={() => dismiss(entry.id)}
            className="ml-1 rounded text-faint hover:text-text"
          >
            <X size={14} />
          </button>
        </div>
      ))}
    </div>
  )
}
