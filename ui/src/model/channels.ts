import type { Notify } from './document'

export type ChannelFinding = 'twice' | 'conversationFirst' | 'subject'

/** What is odd about the channels of a message and their order. */
export function channelFindings({ channels, delivery, subject }: Pick<Notify, 'channels' | 'delivery' | 'subject'>): ChannelFinding[] {
  const found: ChannelFinding[] = []
  const at = channels.indexOf('conversation')
  if (delivery === 'first' && at >= 0 && at < channels.length - 1) found.push('conversationFirst')
  if (delivery !== 'first' && channels.includes('sms') && channels.includes('whatsapp')) found.push('twice')
  if (channels.includes('email') && !subject?.trim()) found.push('subject')
  return found
}
