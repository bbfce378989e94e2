import type { Action } from '@/app/actions'

/** An action before it has its place in the registry: the builder's prefix and group are the same for all. */
export type Doing = Omit<Action, 'group'>
