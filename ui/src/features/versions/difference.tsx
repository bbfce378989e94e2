import { useQuery } from '@tanstack/react-query'
import { queries } from '@/api/queries'
import { QueryState } from '@/app/query-state'
import { parseDiff } from '@/model/diff'
import { cx } from '@/ui/cx'
import { Skeleton } from '@/ui/states'
import { strings as s } from './strings'

const LINE = { same: '', hunk: 'bg-accent-soft text-muted', added: 'bg-ok-soft', removed: 'bg-bad-soft' }
const SIGN = { same: ' ', hunk: ' ', added: '+', removed: '−' }

function Chips({ steps }: { steps: { added: string[]; removed: string[]; changed: string[]; moved: string[] } }) {
  const groups = [['added', 'text-ok bg-ok-soft'], ['removed', 'text-bad bg-bad-soft'], ['changed', 'text-warn bg-warn-soft'], ['moved', 'text-muted bg-hover']] as const
  return (
    <p className="flex flex-wrap gap-1.5">
      {groups.flatMap(([name, look]) => steps[name].map((step) => <span key={`${name}.${step}`} className={cx('rounded px-2 py-0.5 text-xs', look)}>{s[name]} <span className="font-mono">{step}</span></span>))}
    </p>
  )
}

/** Which steps differ, and the documents line by line. */
export function Difference({ id, from, to }: { id: string; from: number; to: string }) {
  const query = useQuery(queries.diff(id, from, to))
  return (
    <QueryState query={query} skeleton={<Skeleton className="h-40" />}>
      {({ text_diff, steps }) => (
        <>
          <Chips steps={steps} />
          {text_diff.trim() === '' ? <p className="text-sm text-muted">{s.same}</p> : (
            <div className="overflow-x-auto rounded-lg border border-line" tabIndex={0} role="region" aria-label={s.diffLabel}>
              <table className="w-full border-collapse font-mono text-xs leading-5">
                <tbody>
                  {parseDiff(text_diff).map((line, index) => (
                    <tr key={index} className={LINE[line.kind]}>
                      <td className="w-10 px-2 text-right text-faint select-none">{line.from}</td>
                      <td className="w-10 px-2 text-right text-faint select-none">{line.to}</td>
                      <td className="w-4 text-center select-none">{SIGN[line.kind]}</td>
                      <td className="pr-4 whitespace-pre">{line.text}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </>
      )}
    </QueryState>
  )
}
