import { useQuery } from '@tanstack/react-query'
import type { Activation } from '@/api/types'
import { QueryState } from '@/app/query-state'
import { At } from '@/ui/time'
import { reads } from './api'
import { strings } from './strings'

const s = strings.history

function what({ kind, version, percent }: Activation): string {
  return kind === 'ramp' ? s.ramp(percent ?? 0, version) : kind === 'ramp_end' ? s.ramp_end(version) : s[kind](version)
}

/** When which version was active, who chose it, and how long it took until new runs obeyed. */
export function Activations({ id }: { id: string }) {
  const query = useQuery(reads.activations(id))
  return (
    <QueryState query={query}>
      {({ items }) => (
        <section className="flex flex-col gap-2 p-4">
          <h2 className="text-sm font-semibold">{s.title}</h2>
          <ol aria-label={s.title} className="flex flex-col gap-1 text-sm">
            {items.slice(0, 50).map((item) => (
              <li key={item.position} className="flex flex-wrap gap-x-3">
                <span className="text-faint">
                  <At at={item.at} />
                </span>
                <span>{what(item)}</span>
                <span className="text-muted">{item.by?.name}</span>
                {item.took_us != null && <span className="text-faint">{s.took((item.took_us / 1000).toFixed(1))}</span>}
              </li>
            ))}
          </ol>
        </section>
      )}
    </QueryState>
  )
}
