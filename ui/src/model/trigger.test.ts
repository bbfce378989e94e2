import fc from 'fast-check'
import jsonata from 'jsonata'
import { describe, expect, it } from 'vitest'
import type { Trigger } from './document'
import { headerOf, HEADERS, readHeader, spellTimes, withPart } from './trigger'

const webhook: Trigger = { type: 'webhook', path: 'orders' }

describe('parts of a trigger', () => {
  it('are written, and left out where they say what leaving them out says', () => {
    const filtered = withPart(webhook, 'filter', 'body.paid')
    expect(filtered).toEqual({ ...webhook, filter: 'body.paid' })
    expect(withPart(filtered, 'filter', '')).toEqual(webhook)
    expect(withPart(webhook, 'path', '')).toEqual({ type: 'webhook' })
    expect(withPart({ ...webhook, verify: 'github' }, 'verify', 'none')).toEqual(webhook)
    const nightly: Trigger = { type: 'schedule', cron: '0 3 * * *', time_zone: 'UTC' }
    expect(withPart({ ...nightly, missed: 'all' }, 'missed', 'one')).toEqual(nightly)
    expect(withPart({ ...nightly, overlap: 'skip' }, 'overlap', 'allow')).toEqual(nightly)
    expect(withPart(nightly, 'input', { report: 1 })).toEqual({ ...nightly, input: { report: 1 } })
  })

  it('how a signature is written goes with the way calls are verified', () => {
    const signed: Trigger = { ...webhook, verify: 'hmac', hmac: { algorithm: 'sha1' } }
    expect(withPart(signed, 'filter', 'true')).toEqual({ ...signed, filter: 'true' })
    expect(withPart(signed, 'verify', 'github')).toEqual({ ...webhook, verify: 'github' })
    expect(withPart(signed, 'hmac', undefined)).toEqual({ ...webhook, verify: 'hmac' })
  })

  it('nothing waits for an answer that is given at once', () => {
    const waiting = withPart(withPart(webhook, 'respond', 'end'), 'respond_within', '20s')
    expect(waiting).toEqual({ ...webhook, respond: 'end', respond_within: '20s' })
    expect(withPart(waiting, 'respond', 'accepted')).toEqual(webhook)
    // A limit that was there without an end is said by the check until something is done about it.
    expect(withPart({ ...webhook, respond_within: '20s' }, 'filter', 'true')).toEqual({ ...webhook, filter: 'true' })
  })
})

describe('a header that tells calls apart', () => {
  it('is read in every way it can be written, and nothing else is', () => {
    for (const text of ['headers."x-id"', "headers.'x-id'", 'headers.`x-id`', ' headers . "x-id" '])
      expect(headerOf(text), text).toBe('x-id')
    expect(headerOf('headers.host')).toBe('host')
    for (const text of ['headers."X-Id"', 'headers."x-id" & body.id', 'body.id', 'headers', 'headers."a b"', ''])
      expect(headerOf(text), text).toBeNull()
    for (const name of ['', ' ', 'a b', 'a"b', 'ä']) expect(readHeader(name), name).toBeUndefined()
  })

  it('is what the expression gives', async () => {
    for (const name of HEADERS) expect(headerOf(readHeader(name) ?? ''), name).toBe(name)
    const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/)
    await fc.assert(
      fc.asyncProperty(name, async (given) => {
        const text = readHeader(given) ?? ''
        const small = given.toLowerCase()
        expect(headerOf(text)).toBe(small)
        expect(await jsonata(text).evaluate({ headers: { [small]: 'it' } })).toBe('it')
      }),
    )
  })
})

it('times are said in the zone of the schedule', () => {
  const nine = Date.UTC(2026, 10, 30, 8)
  expect(spellTimes([nine], 'Europe/Berlin')[0]).toMatch(/Mon.*30.*09:00|Mon.*30.*9:00/)
  expect(spellTimes([nine], 'UTC')[0]).not.toMatch(/:00:00/)
  expect(spellTimes([nine, nine + 10_000], 'UTC')[1]).toMatch(/:00:10/)
  expect(spellTimes([nine], 'Mars/Phobos')[0]).toMatch(/UTC$/)
})
