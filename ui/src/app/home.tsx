import { Navigate } from '@tanstack/react-router'
import type { Role } from '@/api/types'
import { useMe } from './session'

/** Where each role's work is. */
const PLACE_OF: Record<Role, '/dashboard' | '/workflows' | '/inbox' | '/runs'> = {
  admin: '/dashboard',
  builder: '/workflows',
  operator: '/inbox',
  viewer: '/runs',
}

/** Leads people to where their work is. */
export function Home() {
  return <Navigate to={PLACE_OF[useMe().role]} replace />
}
