import type { Body } from '@/api/client'
import type { components } from '@/api/schema'

export type MyNotifications = components['schemas']['MyNotifications']

/** What stands in the form: an address stays there while its channel is off. */
export type Form = {
  channels: string[]
  addresses: Record<string, string>
  quiet: { on: boolean; from: string; to: string; zone: string }
}

export function formOf({ channels, quiet_hours }: MyNotifications): Form {
  return {
    channels: channels.map(({ channel }) => channel),
    addresses: Object.fromEntries(channels.map(({ channel, address }) => [channel, address ?? ''])),
    quiet: {
      on: quiet_hours !== null,
      from: quiet_hours?.from ?? '22:00',
      to: quiet_hours?.to ?? '07:00',
      zone: quiet_hours?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    },
  }
}

export function settingsOf({ channels, addresses, quiet }: Form): Body<'/api/v1/me/notifications', 'put'> {
  return {
    channels: channels.map((channel) => ({ channel, address: addresses[channel]?.trim() || null })),
    quiet_hours: quiet.on ? { from: quiet.from, to: quiet.to, time_zone: quiet.zone } : null,
  }
}
