import { Link } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import type { PutInConnector } from '@/api/types'
import { Button, buttonClass } from '@/ui/button'
import { Note } from '@/ui/states'
import { Findings } from './findings'
import { strings } from './strings'

const s = strings.result

/** What became of a document: what the connector can do now, what could not be taken, and whom the change concerns. */
export function AddResult({ answer, onAgain }: { answer: PutInConnector; onAgain: () => void }) {
  const head = useRef<HTMLHeadingElement>(null)
  useEffect(() => head.current?.focus(), [])
  const { name, revision, actions, left_out } = answer
  return (
    <div className="flex flex-col gap-6">
      <div className="flex flex-col gap-2">
        <h2 ref={head} tabIndex={-1} className="text-lg font-semibold outline-none">
          {s.title(name, revision)}
        </h2>
        <Note tone="ok">{s.actions(actions, left_out.length)}</Note>
        <div className="flex flex-wrap gap-2">
          <Link to="/connectors/$connector" params={{ connector: name }} className={buttonClass('primary')}>
            {s.open}
          </Link>
          <Button onClick={onAgain}>{s.again}</Button>
        </div>
      </div>
      <Findings answer={answer} />
    </div>
  )
}
