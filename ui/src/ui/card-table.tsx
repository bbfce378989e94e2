import type { ReactNode } from 'react'
import { cx } from './cx'
import { strings } from './strings'

/** A table whose rows are cards on a narrow screen; roles are said because what is no table to the eye loses them. */
export function CardTable({
  label,
  columns,
  children,
}: {
  label: string
  columns: readonly string[]
  children: ReactNode
}) {
  return (
    <table role="table" aria-label={label} className="w-full text-sm max-md:block">
      <thead role="rowgroup" className="text-left text-xs text-faint max-md:sr-only">
        <tr role="row" className="border-b border-line">
          {columns.map((column) => (
            <th key={column} role="columnheader" scope="col" className="px-2 py-2 font-medium first:pl-4">
              {column}
            </th>
          ))}
          <th role="columnheader" scope="col" className="w-px">
            <span className="sr-only">{strings.actions}</span>
          </th>
        </tr>
      </thead>
      <tbody
        role="rowgroup"
        className={cx(
          'max-md:block [&>tr]:border-b [&>tr]:border-line max-md:[&>tr]:block max-md:[&>tr]:px-4',
          'max-md:[&>tr]:py-3',
        )}
      >
        {children}
      </tbody>
    </table>
  )
}

/** One row. */
export function Line({ faint, children }: { faint?: boolean; children: ReactNode }) {
  return (
    <tr role="row" className={faint ? 'text-faint' : undefined}>
      {children}
    </tr>
  )
}

/** One value of a row, with the name of its column where the columns have no heads. */
export function Cell({
  label,
  head,
  action,
  children,
}: {
  label?: string
  head?: boolean
  action?: boolean
  children: ReactNode
}) {
  return (
    <td
      role="cell"
      className={cx(
        'min-w-0 px-2 py-2.5 align-top first:pl-4 max-md:px-0 max-md:py-1 max-md:first:pl-0',
        head ? 'max-md:block' : 'max-md:flex max-md:gap-2',
        action && 'text-right whitespace-nowrap md:pr-4 max-md:pt-2',
      )}
    >
      {label && !head && (
        <span aria-hidden className="hidden w-28 shrink-0 text-xs leading-5 text-faint max-md:inline">
          {label}
        </span>
      )}
      <div className="min-w-0 break-words">{children}</div>
    </td>
  )
}
