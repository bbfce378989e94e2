import { describe, expect, it } from 'vitest'
import { channelFindings } from './channels'

describe('channels of a message', () => {
  it('are told when some are never tried, or reach the same phone twice', () => {
    expect(channelFindings({ channels: ['conversation', 'sms'], delivery: 'first' })).toEqual(['conversationFirst'])
    expect(channelFindings({ channels: ['sms', 'conversation'], delivery: 'first' })).toEqual([])
    expect(channelFindings({ channels: ['sms', 'whatsapp'] })).toEqual(['twice'])
    expect(channelFindings({ channels: ['sms', 'whatsapp'], delivery: 'first' })).toEqual([])
    expect(channelFindings({ channels: ['email'], subject: ' ' })).toEqual(['subject'])
  })
})
