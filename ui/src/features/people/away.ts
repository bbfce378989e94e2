import { useQuery } from '@tanstack/react-query'
import { queries } from '@/api/queries'
import { useNow } from '@/ui/time'
import { strings as s } from './strings'

/** Until when somebody is away, and who decides meanwhile. */
export type Away = { until: number; who: string }

/** Who is away now, by person; whoever is no administrator knows it of themselves. */
export function useAway(): ReadonlyMap<string, Away> {
  const { data } = useQuery(queries.delegations())
  const now = useNow()
  const away = data?.items.filter((one) => one.away && one.starts_at <= now && now < one.ends_at) ?? []
  return new Map(away.map((one) => [one.from.id, { until: one.ends_at, who: one.to?.name ?? s.nobody }]))
}
