import type { Body } from '@/api/client'
import type { components } from '@/api/schema'

export type MyNotifications = components['schemas']['MyNotifications']

/** Ways of being told where others read too, and the channel that each goes over. */
const SHARED: Record<string, { channel: string; address: RegExp }> = {
  slack_channel: { channel: 'slack', address: /^[#CG]/ },
  telegram_group: { channel: 'telegram', address: /^-/ },
}

/** Which way of the form a channel and an address are. */
export function wayOf({ channel, address }: { channel: string; address: string | null }): string {
  const shared = Object.entries(SHARED).find(([, way]) => way.channel === channel && way.address.test(address ?? ''))
  return shared?.[0] ?? channel
}

/** The channel of a way, as the server knows it. */
export const channelOf = (way: string) => SHARED[way]?.channel ?? way

/** What stands in the form, by way: an address stays there while its way is off. */
export type Form = {
  ways: string[]
  addresses: Record<string, string>
  /** What is not told over it. */
  except: Record<string, string[]>
  quiet: { on: boolean; from: string; to: string; zone: string }
  digest: { on: boolean; times: string[]; zone: string }
}

const here = () => Intl.DateTimeFormat().resolvedOptions().timeZone

export function formOf({ channels, quiet_hours, digest }: MyNotifications): Form {
  return {
    ways: channels.map(wayOf),
    addresses: Object.fromEntries(channels.map((one) => [wayOf(one), one.address ?? ''])),
    except: Object.fromEntries(channels.map((one) => [wayOf(one), one.except])),
    digest: { on: !!digest, times: digest?.times ?? ['08:00'], zone: digest?.time_zone ?? here() },
    quiet: {
      on: quiet_hours !== null,
      from: quiet_hours?.from ?? '22:00',
      to: quiet_hours?.to ?? '07:00',
      zone: quiet_hours?.time_zone ?? here(),
    },
  }
}

export function settingsOf({ ways, addresses, except, quiet, digest }: Form): Body<'/api/v1/me/notifications', 'put'> {
  return {
    channels: ways.map((way) => ({
      channel: channelOf(way),
      address: addresses[way]?.trim() || null,
      except: except[way] ?? [],
    })),
    quiet_hours: quiet.on ? { from: quiet.from, to: quiet.to, time_zone: quiet.zone } : null,
    ...(digest.on ? { digest: { times: digest.times, time_zone: digest.zone } } : {}),
  }
}
