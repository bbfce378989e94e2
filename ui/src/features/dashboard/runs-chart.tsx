import type { Dashboard } from '@/api/types'
import { TONE_TEXT } from '@/components/status'
import { RUN_STATUSES, statusLook } from '@/model/status'
import { cx } from '@/ui/cx'
import { strings as s } from './strings'

const WIDTH = 720
const HEIGHT = 160

type Slice = Dashboard['runs'][number]

/** Rejected and failed look alike elsewhere, where a word stands beside the colour; here they lie on each other. */
const tone = (status: string) => (status === 'rejected' ? TONE_TEXT.odd : TONE_TEXT[statusLook(status).tone])

const total = (slice: Slice) => RUN_STATUSES.reduce((sum, status) => sum + slice.runs[status], 0)

function label(at: number, slice_ms: number): string {
  const time = new Date(at)
  return slice_ms < 86_400_000
    ? time.toLocaleString(undefined, { weekday: 'short', hour: '2-digit', minute: '2-digit' })
    : time.toLocaleDateString(undefined, { month: 'short', day: 'numeric' })
}

/** Stacked columns; the same numbers are in the table below. */
export function RunsChart({ data }: { data: Dashboard }) {
  const slices = data.runs
  const highest = Math.max(1, ...slices.map(total))
  const width = WIDTH / Math.max(slices.length, 1)
  const shown = RUN_STATUSES.filter((status) => slices.some((slice) => slice.runs[status] > 0))
  const first = slices[0]
  const last = slices.at(-1)
  return (
    <div className="flex flex-col gap-2">
      <svg
        role="img"
        aria-label={s.chart(slices.reduce((sum, slice) => sum + total(slice), 0))}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        className="h-40 w-full rounded-md border border-line bg-sunken"
      >
        {slices.map((slice, index) => {
          let below = 0
          return shown.map((status) => {
            const height = (slice.runs[status] / highest) * (HEIGHT - 8)
            below += height
            return (
              height > 0 && (
                <rect
                  key={`${slice.at}.${status}`}
                  x={index * width + width * 0.1}
                  y={HEIGHT - below}
                  width={width * 0.8}
                  height={height}
                  className={cx('fill-current', tone(status))}
                >
                  <title>{`${label(slice.at, data.slice_ms)}: ${slice.runs[status]} ${statusLook(status).word}`}</title>
                </rect>
              )
            )
          })
        })}
      </svg>
      <div className="flex justify-between text-xs text-faint">
        {first && <span>{label(first.at, data.slice_ms)}</span>}
        <span className="tabular-nums">{s.highest(highest.toLocaleString())}</span>
        {last && <span>{label(last.at, data.slice_ms)}</span>}
      </div>
      <ul className="flex flex-wrap gap-x-4 gap-y-1 text-xs">
        {shown.map((status) => (
          <li key={status} className="flex items-center gap-1.5">
            <span aria-hidden className={cx('size-2.5 rounded-sm bg-current', tone(status))} />
            {statusLook(status).word}{' '}
            <span className="text-faint tabular-nums">
              {slices.reduce((sum, slice) => sum + slice.runs[status], 0).toLocaleString()}
            </span>
          </li>
        ))}
      </ul>
      <details className="text-sm">
        <summary className="cursor-pointer text-muted">{s.table}</summary>
        <div tabIndex={0} role="region" aria-label={s.table} className="max-h-72 overflow-auto">
          <table className="w-full text-left text-xs tabular-nums">
            <thead>
              <tr>
                <th scope="col" className="py-1 pr-3">
                  {s.started}
                </th>
                {shown.map((status) => (
                  <th key={status} scope="col" className="pr-3">
                    {statusLook(status).word}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {slices
                .filter((slice) => total(slice) > 0)
                .map((slice) => (
                  <tr key={slice.at} className="border-t border-line">
                    <th scope="row" className="py-1 pr-3 font-normal">
                      {new Date(slice.at).toLocaleString()}
                    </th>
                    {shown.map((status) => (
                      <td key={status} className="pr-3">
                        {slice.runs[status]}
                      </td>
                    ))}
                  </tr>
                ))}
            </tbody>
          </table>
        </div>
      </details>
    </div>
  )
}
