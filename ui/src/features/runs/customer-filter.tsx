import { useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'

import { queries } from '@/api/queries'
import { cx } from '@/ui/cx'
import { Field, Input } from '@/ui/field'
import { useSettled } from '@/ui/use-settled'
import { reads } from './api'
import { strings } from './strings'

const s = strings.filters
const SHOWN = 8
/** A whole id, as it is copied from an address or a log: no search for a name. */
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** The name of a customer; the id while it is not known, and when it is nobody's. */
export function useCustomerName(id: string | undefined): string | undefined {
  const { data } = useQuery({
    ...reads.customer(id ?? ''),
    enabled: id !== undefined,
  })
  return id === undefined ? undefined : data?.id === id ? data.name || strings.visitor : id
}

type Option = { id: string; label: string; detail?: string | null }

function useOptions(text: string): { options: Option[]; searching: boolean } {
  const asked = useSettled(text)
  const isId = ID.test(text)
  const query = useQuery({ ...queries.customers(asked), enabled: asked !== '' && !ID.test(asked) })
  const searching = !isId && text !== '' && (asked !== text || query.isFetching)
  const found = isId || searching ? [] : (query.data?.items ?? [])
  const options: Option[] = found
    .slice(0, SHOWN)
    .map((one) => ({ id: one.id, label: one.name || strings.visitor, detail: one.email ?? one.phone }))
  // Ids need not look like ours: a single word may be one when it is nobody's name.
  if (
    !searching &&
    /^\S+$/.test(text) &&
    (found.length === 0 || /\d/.test(text)) &&
    !options.some((one) => one.id === text)
  )
    options.push({ id: text, label: s.customerId(text) })
  return { options, searching }
}

/** A customer by name, address or number; the id goes into the address. */
export function CustomerFilter({
  value,
  onChange,
}: {
  value: string | undefined
  onChange: (customer: string | undefined) => void
}) {
  const list = useId()
  const name = useCustomerName(value)
  const [text, setText] = useState<string | null>(null)
  const [at, setAt] = useState(0)
  const typed = (text ?? '').trim()
  const { options, searching } = useOptions(typed)
  const open = typed !== ''
  const active = options[Math.min(at, options.length - 1)]
  const close = () => {
    setText(null)
    setAt(0)
  }
  const choose = (id: string | undefined) => {
    close()
    if (id !== value) onChange(id)
  }
  const onKeyDown = (event: React.KeyboardEvent) => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (move !== undefined && options.length > 0)
      setAt((Math.min(at, options.length - 1) + move + options.length) % options.length)
    else if (event.key === 'Enter' && text !== null && typed === '') choose(undefined)
    else if (event.key === 'Enter' && active) choose(active.id)
    else if (event.key === 'Escape' && text !== null) close()
    else return
    event.preventDefault()
  }
  return (
    <Field label={s.customer} className="relative w-52 max-w-full">
      {(props) => (
        <>
          <Input
            {...props}
            role="combobox"
            aria-autocomplete="list"
            aria-expanded={open}
            aria-controls={open ? list : undefined}
            aria-activedescendant={open && active ? `${list}-${active.id}` : undefined}
            autoComplete="off"
            placeholder={s.customerHint}
            value={text ?? name ?? ''}
            onChange={(event) => {
              setText(event.target.value)
              setAt(0)
            }}
            onKeyDown={onKeyDown}
            onFocus={(event) => event.target.select()}
            // A pasted id needs no key; half a name is nobody.
            onBlur={() => (text !== null && (typed === '' || ID.test(typed)) ? choose(typed || undefined) : close())}
          />
          {open && (
            <ul
              id={list}
              role="listbox"
              aria-label={s.customers}
              aria-busy={searching}
              className={cx(
                'absolute top-full left-0 z-30 mt-1 w-72 max-w-[calc(100vw-2rem)] rounded-lg border border-line',
                'bg-raised p-1 shadow-[var(--shadow)]',
              )}
            >
              {options.map((option) => (
                <li
                  key={option.id}
                  id={`${list}-${option.id}`}
                  role="option"
                  aria-selected={option === active}
                  // Pressing must not take the focus away: leaving the box closes the list.
                  onMouseDown={(event) => event.preventDefault()}
                  onClick={() => choose(option.id)}
                  className={cx(
                    'flex cursor-pointer flex-col rounded-md px-2 py-1 text-sm hover:bg-hover',
                    option === active && 'bg-hover',
                  )}
                >
                  <span className="truncate">{option.label}</span>
                  {option.detail && <span className="truncate text-xs text-muted">{option.detail}</span>}
                </li>
              ))}
              {options.length === 0 && (
                <li role="option" aria-selected={false} aria-disabled className="px-2 py-1 text-sm text-muted">
                  {searching ? '…' : s.nobody}
                </li>
              )}
            </ul>
          )}
        </>
      )}
    </Field>
  )
}
