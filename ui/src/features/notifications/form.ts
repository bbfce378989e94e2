import type { Body } from '@/api/client'
import type { components } from '@/api/schema'

export type MyNotifications = components['schemas']['MyNotifications']

/** What stands in the form: an address stays there while its channel is off. */
export type Form = {
  channels: string[]
  addresses: Record<string, string>
  /** By channel, what is not told over it. */
  except: Record<string, string[]>
  quiet: { on: boolean; from: string; to: string; zone: string }
  digest: { on: boolean; times: string[]; zone: string }
}

const here = () => Intl.DateTimeFormat().resolvedOptions().timeZone

export function formOf({ channels, quiet_hours, digest }: MyNotifications): Form {
  return {
    channels: channels.map(({ channel }) => channel),
    addresses: Object.fromEntries(channels.map(({ channel, address }) => [channel, address ?? ''])),
    except: Object.fromEntries(channels.map(({ channel, except }) => [channel, except])),
    digest: { on: !!digest, times: digest?.times ?? ['08:00'], zone: digest?.time_zone ?? here() },
    quiet: {
      on: quiet_hours !== null,
      from: quiet_hours?.from ?? '22:00',
      to: quiet_hours?.to ?? '07:00',
      zone: quiet_hours?.time_zone ?? here(),
    },
  }
}

export function settingsOf({
  channels,
  addresses,
  except,
  quiet,
  digest,
}: Form): Body<'/api/v1/me/notifications', 'put'> {
  return {
    channels: channels.map((channel) => ({
      channel,
      address: addresses[channel]?.trim() || null,
      except: except[channel] ?? [],
    })),
    quiet_hours: quiet.on ? { from: quiet.from, to: quiet.to, time_zone: quiet.zone } : null,
    ...(digest.on ? { digest: { times: digest.times, time_zone: digest.zone } } : {}),
  }
}
