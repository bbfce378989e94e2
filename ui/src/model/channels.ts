import type { Channel, Notify } from './document'

type ChannelFinding = 'twice' | 'conversationFirst' | 'subject'

/** The channels of a message; text that is half written may have none, or something else in their place. */
export function channelsOf({ channels }: Pick<Notify, 'channels'>): Channel[] {
  return Array.isArray(channels) ? channels : []
}

/** What is odd about the channels of a message and their order. */
export function channelFindings(step: Pick<Notify, 'channels' | 'delivery' | 'subject'>): ChannelFinding[] {
  const { delivery, subject } = step
  const channels = channelsOf(step)
  const found: ChannelFinding[] = []
  const at = channels.indexOf('conversation')
  if (delivery === 'first' && at >= 0 && at < channels.length - 1) found.push('conversationFirst')
  if (delivery !== 'first' && channels.includes('sms') && channels.includes('whatsapp')) found.push('twice')
  if (channels.includes('email') && !subject?.trim()) found.push('subject')
  return found
}
