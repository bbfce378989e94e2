import { useState } from 'react'
import type { Version } from '@/api/types'
import { useActions, type Action } from '@/app/actions'
import { strings } from './strings'

const s = strings.keys
/** Versions the palette offers to go back to, besides the chosen one. */
const OFFERED = 20

export type Acts = {
  rollback: () => void
  compare: () => void
  fork: () => void
  ramp: () => void
  move: () => void
  backtest: () => void
}

/** The version the keys are about: the newest that is not active until a person chooses another. */
export function useChosen(versions: readonly Version[]): {
  chosen: Version | undefined
  choose: (version: number) => void
  go: (by: number) => void
} {
  const [number, choose] = useState<number | null>(null)
  const chosen = versions.find((one) => one.version === number) ?? versions.find((one) => !one.active) ?? versions[0]
  const go = (by: number) => {
    const next =
      versions[
        Math.min(
          Math.max(versions.findIndex((one) => one === chosen) + (number === null ? 0 : by), 0),
          versions.length - 1,
        )
      ]
    if (!next) return
    choose(next.version)
    document.querySelector<HTMLElement>(`[data-version="${next.version}"]`)?.focus()
  }
  return { chosen, choose, go }
}

/** What can be done with versions, for keys and palette. */
export function useVersionActions(
  versions: readonly Version[],
  { chosen, go }: ReturnType<typeof useChosen>,
  may: boolean,
  actsOf: (version: Version) => Acts,
): void {
  const named = (version: Version): Omit<Action, 'group'>[] => {
    const acts = actsOf(version)
    const { version: number, active } = version
    return [
      { id: 'rollback', label: s.rollback(number), shortcut: 'b', enabled: may && !active, run: acts.rollback },
      { id: 'compare', label: s.compare(number), shortcut: 'c', run: acts.compare },
      { id: 'fork', label: s.fork(number), shortcut: 'f', enabled: may, run: acts.fork },
      { id: 'ramp', label: s.ramp(number), shortcut: 'r', enabled: may && !active, run: acts.ramp },
      { id: 'move', label: s.move(number), shortcut: 'm', enabled: may, run: acts.move },
      { id: 'backtest', label: s.backtest(number), shortcut: 't', enabled: may, run: acts.backtest },
    ]
  }
  const others = versions.filter((one) => one !== chosen && !one.active).slice(0, OFFERED)
  const list: Omit<Action, 'group'>[] = [
    { id: 'next', label: s.next, shortcut: 'j', run: () => go(1) },
    { id: 'previous', label: s.previous, shortcut: 'k', run: () => go(-1) },
    ...(chosen ? named(chosen) : []),
    ...others.map((one) => ({
      id: `rollback.${one.version}`,
      label: s.rollback(one.version),
      enabled: may,
      run: actsOf(one).rollback,
    })),
  ]
  useActions(list.map((action) => ({ ...action, id: `versions.${action.id}`, group: strings.group })))
}
