import { useId, type InputHTMLAttributes } from 'react'
import { Input } from './field'

const ZONES = ['UTC', ...Intl.supportedValuesOf('timeZone')]

/** A time zone by its IANA name, with all there are on offer. */
export function ZoneInput(props: InputHTMLAttributes<HTMLInputElement>) {
  const list = useId()
  return (
    <>
      <Input {...props} list={list} />
      <datalist id={list}>
        {ZONES.map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
    </>
  )
}
