import { useQuery } from '@tanstack/react-query'
import { queries } from '@/api/queries'
import type { Me } from '@/api/types'

const ORDER = ['viewer', 'operator', 'builder', 'admin']

/** Who is signed in. Only inside the shell, which waits for it. */
export function useMe(): Me {
  const { data } = useQuery(queries.me())
  if (!data) throw new Error('useMe outside of the signed-in shell')
  return data
}

/** Whether the person's role is at least this one. */
export function useMay(role: 'operator' | 'builder' | 'admin'): boolean {
  return ORDER.indexOf(useMe().role) >= ORDER.indexOf(role)
}
