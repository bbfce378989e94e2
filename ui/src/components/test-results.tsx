import { CircleCheck, CircleX } from 'lucide-react'
import type { ReactNode } from 'react'
import type { TestResult } from '@/api/types'
import { strings } from './strings'

const s = strings.tests

/** One test case: passed or not, and what did not hold. */
export function TestLine({
  name,
  result,
  children,
}: {
  name: string
  result?: TestResult | null
  children?: ReactNode
}) {
  return (
    <li className="flex flex-col gap-1 rounded-lg border border-line bg-raised px-3 py-2">
      <div className="flex items-center gap-2">
        {result &&
          (result.passed ? (
            <CircleCheck size={16} className="shrink-0 text-ok" aria-label={s.passed} />
          ) : (
            <CircleX size={16} className="shrink-0 text-bad" aria-label={s.failed} />
          ))}
        <span className="min-w-0 flex-1 text-sm font-medium break-words">{name}</span>
        {children}
      </div>
      {result?.passed && result.other_path && <p className="pl-6 text-xs text-muted">{s.otherPath}</p>}
      {result && !result.passed && (
        <ul className="flex flex-col gap-0.5 pl-6 text-xs text-bad">
          {result.failures.map((failure, index) => (
            <li key={index} className="break-words">
              <span className="font-mono">{failure.what}</span>: {failure.message}
            </li>
          ))}
        </ul>
      )}
    </li>
  )
}

/** How test cases went. */
export function TestResults({ results }: { results: readonly TestResult[] }) {
  const failed = results.filter((result) => !result.passed).length
  return (
    <section className="flex flex-col gap-1.5" aria-label={s.title}>
      <p className={failed > 0 ? 'text-sm text-bad' : 'text-sm text-ok'}>
        {s.summary(results.length - failed, failed)}
      </p>
      <ul className="flex max-h-64 flex-col gap-1.5 overflow-y-auto" tabIndex={0} aria-label={s.title}>
        {results
          .filter((result) => !result.passed)
          .map((result) => (
            <TestLine key={result.name} name={result.name} result={result} />
          ))}
      </ul>
    </section>
  )
}
